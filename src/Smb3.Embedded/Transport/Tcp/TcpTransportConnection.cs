using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Tcp.Lines;

namespace Smb3.Embedded.Transport.Tcp;

/// <summary>One connected socket as a stream of bytes.</summary>
internal sealed class TcpTransportConnection : IByteStream
{
    private readonly Socket _socket;
    private readonly ISocketLine _line;

    /// <summary>A connection by the runtime's own means.</summary>
    public TcpTransportConnection(Socket socket)
        : this(socket, new PlatformSocketLine(socket))
    {
    }

    public TcpTransportConnection(Socket socket, ISocketLine line)
    {
        LocalEndPoint = socket.LocalEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        RemoteEndPoint = socket.RemoteEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        _socket = socket;
        _line = line;
        Input = new SocketPipeReader(line);
        Output = new SocketPipeWriter(line);
    }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public long? BytesAcknowledged => TcpConnectionInfo.BytesAcknowledged(_socket);

    public bool HasPeerClosed => TcpConnectionInfo.HasPeerClosed(_socket);

    public void Abort(bool reset = false)
    {
        if (reset)
        {
            Expedite();
        }

        _line.Abort();
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        Input.Complete();
        Output.Complete();
        return default;
    }

    /// <summary>Closing then sends a reset and drops what has not been acknowledged.</summary>
    private void Expedite()
    {
        try
        {
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already gone.
        }
    }
}
