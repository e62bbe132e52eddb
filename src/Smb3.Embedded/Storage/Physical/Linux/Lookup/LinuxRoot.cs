using System.Text;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Lookup;

/// <summary>
/// The root of a store: a path, and the directory that was there when the store was opened. It is held open only while anything below it
/// is in use, because an open directory keeps a disk from being unmounted. A directory that takes its place is not served as if it were
/// the same.
/// </summary>
internal sealed unsafe class LinuxRoot : IDisposable
{
    private readonly byte[] _path;
    private readonly Lock _sync = new();
    private readonly Identity _identity;
    private FileDescriptor? _descriptor;
    private int _users = 1;
    private bool _disposed;

    /// <summary>Opens the root, and holds it until <see cref="Leave"/>.</summary>
    /// <param name="folder">The path.</param>
    /// <param name="before">The root of the store that this one replaces.</param>
    public LinuxRoot(string folder, LinuxRoot? before)
    {
        _path = Encoding.UTF8.GetBytes(folder + "\0");
        var error = Open(out var opened);
        if (error == 0)
        {
            error = InodeCalls.Stat(opened!, out var stat);
            Stat = stat;
        }

        if (error != 0)
        {
            opened?.Dispose();
            throw error switch
            {
                Errno.NoEntry or Errno.NotDirectory => new DirectoryNotFoundException($"'{folder}' is not a folder."),
                Errno.Access or Errno.NotPermitted =>
                    new UnauthorizedAccessException($"The folder '{folder}' cannot be read by this process."),
                _ => new IOException($"The folder '{folder}' cannot be opened (error {(int)error})."),
            };
        }

        _descriptor = opened;
        _identity = Identity.Of(Stat);
        LastPlain = _identity.IsMountRoot ? before?.LastPlain : _identity;
    }

    /// <summary>Raised when nothing is in use any more after the root was closed.</summary>
    public event Action? Idle;

    /// <summary>The state of the root when it was first opened.</summary>
    public StatxBuffer Stat { get; }

    /// <summary>The directory; available only while it is held.</summary>
    public FileDescriptor Descriptor => _descriptor ?? throw new InvalidOperationException("The root is not held.");

    /// <summary>The last root at this path that was part of the surrounding file system; null when there was none.</summary>
    private Identity? LastPlain { get; }

    /// <summary>Holds the root until <see cref="Leave"/>; an error when the directory is no longer the same.</summary>
    public Errno Enter()
    {
        lock (_sync)
        {
            if (_descriptor is null)
            {
                var error = Reopen();
                if (error != 0)
                {
                    return error;
                }
            }

            _users++;
            return 0;
        }
    }

    /// <summary>Releases the root.</summary>
    public void Leave()
    {
        lock (_sync)
        {
            if (--_users > 0)
            {
                return;
            }

            _descriptor?.Dispose();
            _descriptor = null;
            Idle?.Invoke();
        }
    }

    /// <summary>What is at the path now.</summary>
    public StorePlace Check()
    {
        StatxBuffer stat;
        fixed (byte* path = _path)
        {
            const nint Mask = (nint)(StatxBuffer.Basic | StatxBuffer.BirthTime);
            if (Native.StatxAt(Native.StatxNumber, Native.CurrentDirectory, path, 0, Mask, &stat) < 0 || !stat.IsDirectory)
            {
                return StorePlace.Missing;
            }
        }

        var now = Identity.Of(stat);
        if (now == _identity)
        {
            return StorePlace.Same;
        }

        // When a disk that was mounted here is gone, what remains is its mount point, which was never meant to be shared: a client that
        // keeps two sides in sync would delete the other side. Only a non-empty folder that was shared here before is shared again.
        return !_identity.IsMountRoot || now.IsMountRoot || (now == LastPlain && !IsEmpty()) ? StorePlace.Replaced : StorePlace.Missing;
    }

    /// <summary>Closes the root to new users; present ones stay.</summary>
    public void Dispose()
    {
        lock (_sync)
        {
            _disposed = true;
        }
    }

    private Errno Reopen()
    {
        if (_disposed)
        {
            return Errno.RootGone;
        }

        var error = Open(out var opened);
        if (error != 0)
        {
            return error is Errno.NoEntry or Errno.NotDirectory ? Errno.RootGone : error;
        }

        error = InodeCalls.Stat(opened!, out var stat);
        if (error != 0 || Identity.Of(stat) != _identity)
        {
            opened!.Dispose();
            return error != 0 ? error : Errno.RootGone;
        }

        _descriptor = opened;
        return 0;
    }

    private Errno Open(out FileDescriptor? opened)
    {
        fixed (byte* path = _path)
        {
            var number = Native.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
            opened = number < 0 ? null : new FileDescriptor(number);
            return number < 0 ? Native.LastError : 0;
        }
    }

    private bool IsEmpty()
    {
        if (Open(out var opened) != 0)
        {
            return true;
        }

        using var directory = opened!;
        using var reader = DirectoryReader.Open(directory, out _);
        return reader is null || !reader.TryNext(out _, out _, out _);
    }

    /// <summary>Identifies the directory. Inode numbers are reused, birth times are not.</summary>
    private readonly record struct Identity(ulong Device, ulong Inode, long BirthSeconds, uint BirthNanoseconds, bool IsMountRoot)
    {
        public static Identity Of(in StatxBuffer stat)
        {
            var birth = (stat.Mask & StatxBuffer.BirthTime) != 0 ? stat.Birth : default;
            return new Identity(
                stat.Device, stat.Inode, birth.Seconds, birth.Nanoseconds, (stat.Attributes & StatxBuffer.IsMountRoot) != 0);
        }
    }
}
