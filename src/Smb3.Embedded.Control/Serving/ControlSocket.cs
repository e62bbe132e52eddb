using System.Net.Sockets;
using Smb3.Embedded.Control.Places;

namespace Smb3.Embedded.Control.Serving;

/// <summary>
/// The socket and its file. It listens under a name of its own before it gets the one by which it is found: who finds it can connect, so that one
/// which refuses is known to be left over.
/// </summary>
internal sealed class ControlSocket : IDisposable
{
    private const int Backlog = 16;
    private const int MostOfProcess = 100;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Socket _socket;

    private ControlSocket(Socket socket, string path)
    {
        _socket = socket;
        Path = path;
    }

    public string Path { get; }

    /// <summary>Opens one in the folder of the user's.</summary>
    public static ControlSocket OpenIn(string folder)
    {
        ControlFolder.Make(folder);
        for (var number = 1; number <= MostOfProcess; number++)
        {
            // Several servers of a process, and processes of containers that have the same number.
            var path = System.IO.Path.Join(folder, number == 1 ? $"{Environment.ProcessId}.sock" : $"{Environment.ProcessId}-{number}.sock");
            if (!File.Exists(path) || !IsServed(path))
            {
                return Listen(path);
            }
        }

        throw new IOException($"'{folder}' has {MostOfProcess} sockets of this process already.");
    }

    /// <summary>Opens one at a path.</summary>
    /// <exception cref="IOException">There is something else, or another server, or the socket cannot be had.</exception>
    public static ControlSocket OpenAt(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (FileOwner.Of(path) is { } found)
        {
            if (OperatingSystem.IsLinux() && (!found.IsSocket || found.User != FileOwner.Own))
            {
                throw new IOException($"'{path}' is there already, and is not a socket of this user's; remove it, or choose another path.");
            }

            if (IsServed(path))
            {
                throw new IOException($"another server has the socket '{path}'; choose another path.");
            }
        }

        return Listen(path);
    }

    public ValueTask<Socket> AcceptAsync(CancellationToken cancellationToken) => _socket.AcceptAsync(cancellationToken);

    public void Dispose()
    {
        File.Delete(Path);
        _socket.Dispose();
    }

    private static ControlSocket Listen(string path)
    {
        // Where nobody else puts a file of that name, and the rename stays in the folder.
        var hidden = System.IO.Path.Join(System.IO.Path.GetDirectoryName(path), $".{Guid.NewGuid():n}"[..9]);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(hidden));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(hidden, OwnerOnly); // nobody can connect before it listens
            }

            socket.Listen(Backlog);
            File.Move(hidden, path, overwrite: true);
            return new ControlSocket(socket, path);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new IOException($"the socket '{path}' cannot be made: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            File.Delete(hidden);
            throw;
        }
    }

    private static bool IsServed(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is not (SocketError.ConnectionRefused or SocketError.AddressNotAvailable); // EAGAIN: its backlog is full
        }
    }
}
