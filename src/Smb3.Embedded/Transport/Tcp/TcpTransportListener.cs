using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Linux;
using Smb3.Embedded.Transport.Tcp.Lines;
using Smb3.Embedded.Transport.Tcp.Linux;

namespace Smb3.Embedded.Transport.Tcp;

/// <summary>A listening socket.</summary>
internal sealed class TcpTransportListener : IByteStreamListener
{
    private readonly Socket _socket;

    private readonly ReadinessQueue? _ready;

    private readonly ListenRefusal? _refusal;

    private TcpTransportListener(Socket socket, IPEndPoint endPoint, int backlog, bool portable)
    {
        _socket = socket;
        if (!portable && OperatingSystem.IsLinux())
        {
            _ready = new ReadinessQueue();

            // A port that the system chose goes back to it when the socket does not listen.
            _refusal = endPoint.Port != 0 ? new ListenRefusal(socket, backlog) : null;
        }
    }

    public EndPoint EndPoint => _socket.LocalEndPoint!;

    /// <inheritdoc/>
    public IRefusal? Refusal => _refusal;

    /// <summary>
    /// Binds and listens, or takes a socket that does so already (<see cref="ActivatedSockets"/>); throws <see cref="SocketException"/> when the end
    /// point is taken or not ours.
    /// </summary>
    /// <param name="endPoint">The end point; port 0 takes a free one.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="portable">Whether sockets are used through the runtime alone although the system has better means.</param>
    public static TcpTransportListener Listen(IPEndPoint endPoint, int backlog, bool portable = false)
    {
        if (OperatingSystem.IsLinux() && ActivatedSockets.TryUse(endPoint) is { } activated)
        {
            activated.Listen(backlog);
            return new TcpTransportListener(activated, endPoint, backlog, portable);
        }

        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = endPoint.Address.Equals(IPAddress.IPv6Any);
            }

            // A port has one server. On Windows that must be asked for, or another program may bind it too. Elsewhere .NET binds with
            // SO_REUSEADDR, so that a restart does not wait for old connections in TIME_WAIT; SocketOptionName.ReuseAddress would add
            // SO_REUSEPORT, with which two servers share a port and each gets some of the clients.
            if (OperatingSystem.IsWindows())
            {
                socket.ExclusiveAddressUse = true;
            }

            socket.Bind(endPoint);
            socket.Listen(backlog);
            return new TcpTransportListener(socket, endPoint, backlog, portable);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<IByteStream?> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var socket = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    socket.NoDelay = true;
                    return new TcpTransportConnection(socket, LineOf(socket));
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // Either the peer or the listener is already gone.
                    socket.Dispose();
                }
            }
            catch (OperationCanceledException)
            {
                return null;
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.InvalidArgument && _refusal?.Over is { } over)
            {
                await over.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await PauseAsync().ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted
                or SocketError.InvalidArgument)
            {
                return null;
            }
            catch (SocketException)
            {
                // One connection failed (reset in the backlog, descriptors used up): the listener itself goes on, but not in a hot loop.
                await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _ready?.Dispose();
        return default;
    }

    private static Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);

    private ISocketLine LineOf(Socket socket) =>
        _ready is { } ready ? new ReadySocketLine(socket, ready) : new PlatformSocketLine(socket);
}
