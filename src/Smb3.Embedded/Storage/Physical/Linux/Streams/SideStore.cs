using System.Text;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>
/// The directory <c>.smb3-streams</c> of the root, with the streams that are too large for an attribute: one file each, named by a random
/// id. It is created with the first of them, accessible only to this process's user.
/// </summary>
internal sealed unsafe class SideStore : IDisposable
{
    private const uint DirectoryMode = 0b111_000_000;
    private const uint FileMode = 0b001_110_000_000; // with the sticky bit, which has no meaning for a file: see Holds

    private readonly LinuxRoot _root;
    private readonly Lock _sync = new();
    private volatile FileDescriptor? _directory;
    private volatile bool _isNew;
    private InodeKey _key;

    /// <param name="root">The root; it must be held during construction and while any member is used.</param>
    public SideStore(LinuxRoot root)
    {
        _root = root;
        OpenDirectory(make: false, out _);
    }

    /// <summary>The directory's name, with a terminating zero.</summary>
    public static ReadOnlySpan<byte> DiskName => ".smb3-streams\0"u8;

    /// <summary>The directory, as a place only; null when there is none.</summary>
    public FileDescriptor? Directory => _directory ?? OpenDirectory(make: false, out _);

    /// <summary>Whether an inode is the directory or one of its files, however it was reached: a symbolic link may lead here too.</summary>
    public bool Holds(FileDescriptor file, in StatxBuffer stat)
    {
        if (stat.IsRegular)
        {
            return (stat.Mode & 0xFFF) == FileMode && AttributeCalls.LengthOf(file, SideOwner.Name) >= 0;
        }

        return _key != default && InodeKey.Of(stat) == _key;
    }

    /// <summary>The directory, made when there is none.</summary>
    public FileDescriptor? Make(out Errno error) => OpenDirectory(make: true, out error);

    /// <summary>Opens or makes a file by its name. A file that is made belongs to no inode, and no client gets to it.</summary>
    public static FileDescriptor? Open(FileDescriptor directory, byte[] nameWithZero, bool make, out Errno error)
    {
        const int Make = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive;
        var file = Open(directory, nameWithZero, (make ? Make : OpenFlags.ReadOnly) | OpenFlags.CloseOnExec, FileMode, out error);
        if (file is not null && make)
        {
            error = AttributeCalls.Set(file, SideOwner.Name, default(SideOwner).ToValue());
            if (error != 0)
            {
                file.Dispose();
                return null;
            }
        }

        return file;
    }

    /// <summary>Creates a file.</summary>
    public FileDescriptor? Create(in SideOwner owner, out Guid id, out Errno error)
    {
        id = Guid.NewGuid();
        if (OpenDirectory(make: true, out error) is not { } directory)
        {
            return null;
        }

        const int Flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec;
        var file = Open(directory, id, Flags, FileMode, out error);
        if (file is null)
        {
            return null;
        }

        // The umask removes nothing that the owner needs, but some file systems drop the sticky bit of files.
        error = AttributeCalls.Set(file, SideOwner.Name, owner.ToValue());
        if (error == 0)
        {
            return file;
        }

        file.Dispose();
        Remove(id);
        return null;
    }

    /// <summary>Opens a file; for reading only if it cannot be written.</summary>
    public FileDescriptor? Open(Guid id, out Errno error)
    {
        error = Errno.NoEntry;
        if (Directory is not { } directory)
        {
            return null;
        }

        return Open(directory, id, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out error)
            ?? (error is Errno.ReadOnlyFileSystem or Errno.Access
                ? Open(directory, id, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out error)
                : null);
    }

    /// <summary>Removes a file; handles on it remain valid.</summary>
    public void Remove(Guid id)
    {
        if (Directory is { } directory)
        {
            _ = EntryCalls.Unlink(directory, NameOf(id), 0);
        }
    }

    /// <summary>The owner of a file; none when the attribute is missing.</summary>
    public static SideOwner OwnerOf(FileDescriptor file) =>
        AttributeCalls.Get(file, SideOwner.Name, out var value) == 0 ? SideOwner.Parse(value) : default;

    /// <summary>The state of a file.</summary>
    public Errno Stat(Guid id, out StatxBuffer stat)
    {
        stat = default;
        return Directory is { } directory ? InodeCalls.StatEntry(directory, NameOf(id), out stat) : Errno.NoEntry;
    }

    /// <summary>Makes the names in the directory survive a loss of power.</summary>
    public Errno Flush()
    {
        if (Directory is not { } directory)
        {
            return 0;
        }

        var error = EntryCalls.Flush(directory);
        if (error == 0 && _isNew)
        {
            error = EntryCalls.Flush(_root.Descriptor);
            _isNew = error != 0;
        }

        return error;
    }

    /// <summary>Called when nothing is in use: the directory is closed until it is needed again.</summary>
    public void Rest()
    {
        lock (_sync)
        {
            _directory?.Dispose();
            _directory = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_sync)
        {
            _directory?.Dispose();
        }
    }

    private static byte[] NameOf(Guid id) => Encoding.ASCII.GetBytes(id.ToString("N") + "\0");

    private static FileDescriptor? Open(FileDescriptor directory, Guid id, int flags, uint mode, out Errno error) =>
        Open(directory, NameOf(id), flags, mode, out error);

    private static FileDescriptor? Open(FileDescriptor directory, byte[] nameWithZero, int flags, uint mode, out Errno error)
    {
        fixed (byte* name = nameWithZero)
        {
            var opened = Native.OpenAt(directory, name, flags | OpenFlags.NoFollow, mode);
            error = opened < 0 ? Native.LastError : 0;
            return opened < 0 ? null : new FileDescriptor(opened);
        }
    }

    private FileDescriptor? OpenDirectory(bool make, out Errno error)
    {
        lock (_sync)
        {
            error = 0;
            if (_directory is not null)
            {
                return _directory;
            }

            fixed (byte* name = DiskName)
            {
                while (true)
                {
                    var flags = OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
                    var opened = Native.OpenAt(_root.Descriptor, name, flags, 0);
                    if (opened >= 0)
                    {
                        var found = new FileDescriptor(opened);
                        _ = InodeCalls.Stat(found, out var stat);
                        _key = InodeKey.Of(stat);
                        return _directory = found;
                    }

                    error = Native.LastError;
                    if (error != Errno.NoEntry || !make)
                    {
                        return null;
                    }

                    if (Native.MakeDirectoryAt(_root.Descriptor, name, DirectoryMode) == 0)
                    {
                        _isNew = true;
                    }
                    else if (Native.LastError is var failed and not Errno.Exists)
                    {
                        error = failed;
                        return null;
                    }
                }
            }
        }
    }
}
