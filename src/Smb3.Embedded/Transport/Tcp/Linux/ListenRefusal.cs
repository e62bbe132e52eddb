using System.Net.Sockets;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>
/// Has a listening socket refuse connections. Linux takes one that is shut down for reading out of its table of listeners, and so answers
/// every SYN with a reset, but leaves the port to it when that was asked for by number; listen(2) puts it back. No privilege is needed.
/// </summary>
/// <param name="socket">The socket, which is bound to a port that was asked for by its number.</param>
/// <param name="backlog">How many connections may wait to be accepted.</param>
internal sealed class ListenRefusal(Socket socket, int backlog) : IRefusal
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int ReuseAddress = 2; // SO_REUSEADDR

    private volatile TaskCompletionSource? _refusing;

    /// <summary>Completes when connections are accepted again; <see langword="null"/>: they never were refused.</summary>
    public Task? Over => _refusing?.Task;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        // Published before anybody can find the socket shut.
        var refusing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _refusing = refusing;
        try
        {
            // Beside a socket that does not listen another program could bind the port if both allowed it.
            Reuse(false);
            if (SocketCalls.Shutdown(socket.SafeHandle, SocketCalls.Reading) == 0)
            {
                return true;
            }

            Reuse(true);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone.
        }

        refusing.TrySetResult();
        return false;
    }

    /// <inheritdoc/>
    public bool TryEnd()
    {
        try
        {
            Reuse(true); // connections that it has accepted use the port too
            socket.Listen(backlog);
        }
        catch (ObjectDisposedException)
        {
            // It has ended, which whoever accepts is told.
        }
        catch (SocketException)
        {
            return false;
        }

        _refusing?.TrySetResult();
        return true;
    }

    private void Reuse(bool allowed) => socket.SetRawSocketOption(SocketLevel, ReuseAddress, BitConverter.GetBytes(allowed ? 1 : 0));
}
