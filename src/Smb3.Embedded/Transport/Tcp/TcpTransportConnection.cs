using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Transport.Tcp;

/// <summary>One accepted socket as a duplex pipe.</summary>
internal sealed class TcpTransportConnection : ITransportConnection
{
    private readonly Socket _socket;
    private int _closed;

    public TcpTransportConnection(Socket socket)
    {
        _socket = socket;
        LocalEndPoint = socket.LocalEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        RemoteEndPoint = socket.RemoteEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        Input = new SocketPipeReader(socket);
        Output = new SocketPipeWriter(socket);
    }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public long? BytesAcknowledged => _closed == 0 ? TcpAcknowledgement.Read(_socket) : null;

    public void Abort()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            try
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // Already gone.
            }

            _socket.Dispose();
        }
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        Input.Complete();
        Output.Complete();
        return default;
    }
}
