using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Naming;
using Smb3.Embedded.Storage.Physical.Options;

namespace Smb3.Embedded.Storage.Physical.Linux.Lookup;

/// <summary>
/// Finds files below the root. Every look-up starts at the open root and is resolved by the kernel beneath it (openat2, RESOLVE_BENEATH),
/// so neither <c>..</c> nor a symbolic link leads out, not even a link that replaces a directory at the wrong moment. A symbolic link is
/// followed as long as its target stays beneath the root, which an absolute one never does. Changes are made in a directory that is
/// already open, by a single name.
/// </summary>
internal sealed unsafe class LinuxTree
{
    private const int MaxPath = 4096; // PATH_MAX, including the terminating zero

    private readonly LinuxRoot _root;
    private readonly DirectoryNames _names;
    private readonly bool _caseSensitive;
    private readonly bool _openAt2;
    private readonly bool _cachedOpen;

    /// <param name="root">The root; it must be held during construction.</param>
    /// <param name="options">How the folder is treated.</param>
    public LinuxTree(LinuxRoot root, PhysicalFileStoreOptions options)
    {
        _root = root;
        _caseSensitive = options.CaseSensitive;
        _names = new DirectoryNames(options.MaxRememberedNames);
        if (options.Backend == PhysicalBackend.LinuxWalk)
        {
            return;
        }

        _openAt2 = Probe(OpenHow.Beneath | OpenHow.NoMagicLinks);
        _cachedOpen = _openAt2 && Probe(OpenHow.Beneath | OpenHow.NoMagicLinks | OpenHow.Cached);
    }

    /// <summary>The root directory.</summary>
    public LinuxRoot Root => _root;

    /// <summary>The disk name for a wire name, with a terminating zero; null when there is none.</summary>
    public static byte[]? Encode(ReadOnlySpan<char> name)
    {
        var buffer = new byte[DiskNames.MaxBytes(name.Length) + 1];
        return DiskNames.TryEncode(name, buffer, out var written) ? buffer.AsSpan(0, written + 1).ToArray() : null;
    }

    /// <summary>Opens what is at a path, ignoring case, as a place only (O_PATH).</summary>
    /// <param name="path">The path.</param>
    /// <param name="quick">Whether to return PENDING instead of waiting for the disk.</param>
    /// <param name="actual">The path in the case in which its names were created.</param>
    public NtResult<FileDescriptor> Open(StorePath path, bool quick, out StorePath actual)
    {
        var opened = Open(path, quick, out actual, out var parent);
        parent?.Dispose();
        return opened;
    }

    /// <summary>Opens what is at a path, ignoring case, as a place only (O_PATH).</summary>
    /// <param name="path">The path.</param>
    /// <param name="quick">Whether to return PENDING instead of waiting for the disk.</param>
    /// <param name="actual">The path in the case in which its names were created.</param>
    /// <param name="parent">If the name does not exist: the directory that lacks it, if that was found. The caller owns it.</param>
    public NtResult<FileDescriptor> Open(StorePath path, bool quick, out StorePath actual, out DirectoryPlace? parent)
    {
        parent = null;
        if (OpenExact(path, OpenFlags.Path, quick, out actual, out var error) is { } opened)
        {
            return opened;
        }

        if (error != Errno.NoEntry)
        {
            // The kernel has not cached the name, or it does not exist: the remembered names of the directory may tell which.
            if (error != Errno.Again || _caseSensitive || path.IsRoot)
            {
                return error.ToStatus(quick);
            }
        }

        return OpenInAnyCase(path, quick, out actual, out parent);
    }

    /// <summary>Opens what is at a path exactly as written; null when there is nothing, or when the simple case does not apply.</summary>
    /// <param name="path">The path.</param>
    /// <param name="flags">Flags of open(2).</param>
    /// <param name="quick">Whether to fail instead of waiting for the disk.</param>
    /// <param name="actual">The path in the case in which its names were created.</param>
    public FileDescriptor? OpenExact(StorePath path, int flags, bool quick, out StorePath actual) =>
        OpenExact(path, flags, quick, out actual, out _);

    /// <summary>Opens a directory, ignoring case.</summary>
    public NtResult<DirectoryPlace> OpenDirectory(StorePath path, bool quick)
    {
        Span<byte> buffer = stackalloc byte[MaxPath];
        if (TryEncodePath(path, buffer, out var length))
        {
            var opened = OpenPlace(buffer[..(length + 1)], path, quick, out var error);
            if (error != Errno.NoEntry)
            {
                return error == 0 ? opened! : error.ToStatus(quick);
            }
        }

        if (path.IsRoot || _caseSensitive)
        {
            return NtStatus.ObjectPathNotFound;
        }

        var parent = OpenDirectory(path.Parent, quick);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        using var place = parent.Value;
        var status = FindName(place, place.AsFound, path.Name, quick, out var name, out _);
        if (status != NtStatus.Success)
        {
            return status == NtStatus.ObjectNameNotFound ? NtStatus.ObjectPathNotFound : status;
        }

        var found = OpenPlace([.. Join(place.Disk, name), 0], place.Path.Append(DiskNames.Decode(name)), quick, out var failure);
        return found is not null ? found : failure == Errno.NoEntry ? NtStatus.ObjectPathNotFound : failure.ToStatus(quick);
    }

    /// <summary>Finds a directory entry, first as written and then in any other case.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="state">The present state of the directory.</param>
    /// <param name="name">The wire name.</param>
    /// <param name="quick">Whether to return PENDING instead of reading the directory.</param>
    /// <param name="disk">The disk name without a terminating zero.</param>
    /// <param name="stat">The state of the entry.</param>
    public NtStatus FindName(
        DirectoryPlace directory, in StatxBuffer state, ReadOnlySpan<char> name, bool quick, out byte[] disk, out StatxBuffer stat)
    {
        disk = [];
        stat = default;
        if (!_caseSensitive && _names.AreSureOfAbsence(state, name))
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (Encode(name) is not { } exact)
        {
            return NtStatus.ObjectNameNotFound;
        }

        var error = InodeCalls.StatEntry(directory.Descriptor, exact, out stat);
        if (error == 0)
        {
            disk = exact[..^1];
            return NtStatus.Success;
        }

        return error == Errno.NoEntry ? FindInOtherCase(directory, state, name, quick, out disk, out stat) : error.ToStatus();
    }

    /// <summary>The same for a name that does not exist as written, or for which that has yet to be checked.</summary>
    public NtStatus FindInOtherCase(
        DirectoryPlace directory, in StatxBuffer state, ReadOnlySpan<char> name, bool quick, out byte[] disk, out StatxBuffer stat)
    {
        disk = [];
        stat = default;
        if (_caseSensitive)
        {
            return NtStatus.ObjectNameNotFound;
        }

        for (var attempt = 0; ; attempt++)
        {
            var status = _names.Find(directory.Descriptor, state, name, quick, out disk);
            if (status != NtStatus.Success || InodeCalls.StatEntry(directory.Descriptor, [.. disk, 0], out stat) == 0)
            {
                return status;
            }

            _names.Forget(state);
            if (attempt == 1)
            {
                return NtStatus.ObjectNameNotFound;
            }
        }
    }

    /// <summary>Notes that the store has changed a directory; see <see cref="DirectoryNames.Changed"/>.</summary>
    public void Changed(DirectoryPlace directory, in StatxBuffer before, ReadOnlySpan<char> added) =>
        _names.Changed(directory.Descriptor, before, added);

    /// <summary>Opens an entry found by a listing, following a symbolic link beneath the root; null when it cannot be reached.</summary>
    public FileDescriptor? OpenListed(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> nameWithZero, out Errno error) =>
        OpenBeneath([.. directory, .. directory.IsEmpty ? [] : "/"u8, .. nameWithZero], OpenFlags.Path, quick: false, out error);

    /// <summary>
    /// The disk path for a path whose names are in their original case, without a terminating zero; null when it is too long.
    /// </summary>
    public static byte[]? EncodePath(StorePath path)
    {
        Span<byte> buffer = stackalloc byte[MaxPath];
        return TryEncodePath(path, buffer, out var length) ? buffer[..length].ToArray() : null;
    }

    /// <summary>Opens a path below the root.</summary>
    /// <param name="path">Disk path with a terminating zero; just the zero for the root.</param>
    /// <param name="flags">Flags of open(2).</param>
    /// <param name="quick">Whether to fail with EAGAIN instead of waiting for the disk.</param>
    /// <param name="error">Why nothing was opened.</param>
    public FileDescriptor? OpenBeneath(ReadOnlySpan<byte> path, int flags, bool quick, out Errno error)
    {
        flags |= OpenFlags.CloseOnExec;
        if (path.Length <= 1)
        {
            path = ".\0"u8;
        }

        if (path.Length > MaxPath)
        {
            error = Errno.NameTooLong;
            return null;
        }

        error = _root.Enter();
        if (error != 0)
        {
            return null;
        }

        try
        {
            return _openAt2 ? OpenInOneStep(path, flags, quick, out error) : Walk(path, flags, out error);
        }
        finally
        {
            _root.Leave();
        }
    }

    /// <summary>Joins a directory's path and a name.</summary>
    public static byte[] Join(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name) =>
        directory.IsEmpty ? name.ToArray() : [.. directory, (byte)'/', .. name];

    private FileDescriptor? OpenInOneStep(ReadOnlySpan<byte> path, int flags, bool quick, out Errno error)
    {
        var how = new OpenHow
        {
            Flags = (uint)flags,
            Resolve = OpenHow.Beneath | OpenHow.NoMagicLinks | (quick && _cachedOpen ? OpenHow.Cached : 0),
        };
        fixed (byte* text = path)
        {
            for (var attempt = 0; ; attempt++)
            {
                var opened = Native.OpenAt2(Native.OpenAt2Number, _root.Descriptor, text, &how, sizeof(OpenHow));
                error = opened < 0 ? Native.LastError : 0;
                if (opened >= 0)
                {
                    return new FileDescriptor(opened) { IsPlace = (flags & OpenFlags.Path) != 0 };
                }

                // Without RESOLVE_CACHED, EAGAIN says that a rename elsewhere interfered while a ".." was being followed.
                if (error == Errno.Interrupted || (error == Errno.Again && !(quick && _cachedOpen) && attempt < 32))
                {
                    continue;
                }

                if (error == Errno.Again && !quick)
                {
                    error = Errno.Busy;
                }

                return null;
            }
        }
    }

    private static bool TryEncodePath(StorePath path, Span<byte> buffer, out int length)
    {
        length = 0;
        buffer[0] = 0;
        if (path.IsRoot)
        {
            return true;
        }

        foreach (var range in path.Names)
        {
            var name = path.Text.AsSpan(range);
            if (length > 0)
            {
                buffer[length++] = (byte)'/';
            }

            if (DiskNames.MaxBytes(name.Length) + 2 > buffer.Length - length)
            {
                return false;
            }

            if (!DiskNames.TryEncode(name, buffer[length..], out var written))
            {
                return false;
            }

            length += written;
        }

        buffer[length] = 0;
        return true;
    }

    private FileDescriptor? OpenExact(StorePath path, int flags, bool quick, out StorePath actual, out Errno error)
    {
        actual = path;
        Span<byte> buffer = stackalloc byte[MaxPath];
        if (!TryEncodePath(path, buffer, out var length))
        {
            error = Errno.NoEntry;
            return null;
        }

        var opened = OpenBeneath(buffer[..(length + 1)], flags, quick, out error);
        if (opened is not null && !DiskNames.IsCanonical(path.Name))
        {
            actual = path.Parent.Append(DiskNames.Decode(buffer[(buffer[..length].LastIndexOf((byte)'/') + 1)..length]));
        }

        return opened;
    }

    private NtResult<FileDescriptor> OpenInAnyCase(StorePath path, bool quick, out StorePath actual, out DirectoryPlace? parent)
    {
        actual = path;
        parent = null;
        if (path.IsRoot)
        {
            return NtStatus.ObjectNameNotFound;
        }

        var above = OpenDirectory(path.Parent, quick);
        if (!above.Succeeded)
        {
            return above.Status;
        }

        var place = above.Value;
        var status = FindName(place, place.AsFound, path.Name, quick, out var name, out _);
        if (status == NtStatus.ObjectNameNotFound)
        {
            parent = place;
            return status;
        }

        using (place)
        {
            if (status != NtStatus.Success)
            {
                return status;
            }

            actual = place.Path.Append(DiskNames.Decode(name));
            var opened = OpenBeneath([.. Join(place.Disk, name), 0], OpenFlags.Path, quick, out var error);
            return opened is not null ? opened : error.ToStatus(quick);
        }
    }

    /// <summary>Opens a directory by its path on the disk, with a terminating zero.</summary>
    private DirectoryPlace? OpenPlace(ReadOnlySpan<byte> disk, StorePath path, bool quick, out Errno error)
    {
        // Only a directory is opened, which has no side effects; but it may be one that this process may traverse and not read.
        var opened = OpenBeneath(disk, OpenFlags.ReadOnly | OpenFlags.Directory, quick, out error);
        if (error == Errno.Access)
        {
            opened = OpenBeneath(disk, OpenFlags.Path | OpenFlags.Directory, quick, out error);
        }

        if (opened is null)
        {
            return null;
        }

        var place = new DirectoryPlace(opened, path.IsRoot ? [] : disk[..^1].ToArray(), path);
        error = place.Stat();
        if (error == 0)
        {
            return place;
        }

        place.Dispose();
        return null;
    }

    /// <summary>Does what openat2 does, one name at a time, without following any symbolic link.</summary>
    private FileDescriptor? Walk(ReadOnlySpan<byte> path, int flags, out Errno error)
    {
        var root = _root.Descriptor;
        var current = root;
        var rest = path;
        Span<byte> name = stackalloc byte[MaxPath];
        while (true)
        {
            var cut = rest.IndexOf((byte)'/');
            var isLast = cut < 0;
            var length = isLast ? rest.Length - 1 : cut;
            rest[..length].CopyTo(name);
            name[length] = 0;
            var how = isLast ? flags : OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec;
            int opened;
            fixed (byte* text = name)
            {
                opened = Native.OpenAt(current, text, how | OpenFlags.NoFollow, 0);
            }

            error = opened < 0 ? Native.LastError : 0;
            if (current != root)
            {
                current.Dispose();
            }

            if (opened < 0)
            {
                return null;
            }

            current = new FileDescriptor(opened) { IsPlace = (how & OpenFlags.Path) != 0 };
            if (!isLast)
            {
                rest = rest[(cut + 1)..];
                continue;
            }

            error = InodeCalls.Stat(current, out var stat);
            if (error == 0 && stat.Type == StatxBuffer.TypeLink)
            {
                error = Errno.Loop;
            }

            if (error == 0)
            {
                return current;
            }

            current.Dispose();
            return null;
        }
    }

    private bool Probe(ulong resolve)
    {
        var how = new OpenHow { Flags = (uint)(OpenFlags.Path | OpenFlags.CloseOnExec), Resolve = resolve };
        fixed (byte* dot = ".\0"u8)
        {
            var opened = Native.OpenAt2(Native.OpenAt2Number, _root.Descriptor, dot, &how, sizeof(OpenHow));
            if (opened >= 0)
            {
                new FileDescriptor(opened).Dispose();
            }

            return opened >= 0 || Native.LastError == Errno.Again;
        }
    }
}
