using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>The client's end of a TCP connection, for set-up as a transport and for the measurement as a socket.</summary>
internal sealed class ClientSocket : IByteStream
{
    private readonly BlockingStream _stream;

    private ClientSocket(Socket socket)
    {
        Socket = socket;
        LocalEndPoint = socket.LocalEndPoint!;
        RemoteEndPoint = socket.RemoteEndPoint!;
        _stream = new BlockingStream(socket);
        Input = PipeReader.Create(_stream);
        Output = PipeWriter.Create(_stream);
    }

    public Socket Socket { get; }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public long? BytesAcknowledged => null;

    public bool HasPeerClosed => false;

    public static ClientSocket Connect(EndPoint target)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // A server that limits the connections of one address must let ten thousand in: they come from many.
            if (target is IPEndPoint { AddressFamily: AddressFamily.InterNetwork } ip && IPAddress.IsLoopback(ip.Address))
            {
                socket.Bind(new IPEndPoint(new IPAddress([127, 0, 1, (byte)Random.Shared.Next(1, 33)]), 0));
            }

            socket.Connect(target);
            return new ClientSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Abort(bool reset = false) => Socket.Dispose();

    public ValueTask DisposeAsync()
    {
        if (Socket.Connected)
        {
            Socket.Shutdown(SocketShutdown.Both);
        }

        Socket.Dispose();
        _stream.Dispose();
        return default;
    }
}
