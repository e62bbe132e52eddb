using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;

namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>
/// Whether the kernel would remove a directory entry: makes the checks of unlink(2) and rmdir(2) without removing anything.
/// </summary>
internal static class RemovalCheck
{
    private const int Sticky = 0x200; // S_ISVTX
    private const ulong Fixed = StatxBuffer.IsImmutable | StatxBuffer.IsAppendOnly;

    /// <summary>What prevents the removal of any entry of a directory.</summary>
    public static Errno Directory(DirectoryPlace parent)
    {
        // This also detects a read-only mount and an immutable directory.
        var error = AccessCalls.May(parent.Descriptor, AccessCalls.Write | AccessCalls.Search);
        return error == 0 && (parent.AsFound.Attributes & Fixed) != 0 ? Errno.NotPermitted : error;
    }

    /// <summary>What prevents the removal of this entry, in a directory whose entries may be removed.</summary>
    public static Errno Entry(DirectoryPlace parent, byte[] nameWithZero, in StatxBuffer stat)
    {
        if ((stat.Attributes & Fixed) != 0 || IsAnothers(parent.AsFound, stat))
        {
            return Errno.NotPermitted;
        }

        if (IsMountPoint(parent.AsFound, stat))
        {
            return Errno.Busy;
        }

        return stat.IsDirectory ? Emptiness(parent.Descriptor, nameWithZero) : 0;
    }

    /// <summary>The status for a failed removal.</summary>
    public static NtStatus ToStatus(Errno error) => error switch
    {
        Errno.Exists => NtStatus.DirectoryNotEmpty,
        Errno.Busy => NtStatus.CannotDelete, // something is mounted there: it is the root of another file system (MS-FSA 2.1.5.15.3)
        _ => error.ToStatus(),
    };

    /// <summary>In a directory with the sticky bit, an entry may only be removed by its owner or the directory's.</summary>
    private static bool IsAnothers(in StatxBuffer parent, in StatxBuffer stat)
    {
        if ((parent.Mode & Sticky) == 0)
        {
            return false;
        }

        var user = Native.EffectiveUser();
        return user != stat.Uid && user != parent.Uid && !AccessCalls.ActsAsOwner();
    }

    // Looking up a name on which something is mounted finds the root of the mount. Before Linux 5.8 only a different device number tells,
    // which does not cover every case.
    private static bool IsMountPoint(in StatxBuffer parent, in StatxBuffer stat) =>
        (stat.AttributesMask & StatxBuffer.IsMountRoot) != 0
            ? (stat.Attributes & StatxBuffer.IsMountRoot) != 0
            : stat.Device != parent.Device;

    /// <summary>Checks that a directory has no entries at all, whether shown to clients or not.</summary>
    private static Errno Emptiness(FileDescriptor parent, byte[] nameWithZero)
    {
        using var reader = DirectoryReader.OpenEntry(parent, nameWithZero, out var error);
        if (reader is null)
        {
            return error;
        }

        return reader.TryNext(out _, out _, out error) ? Errno.NotEmpty : error;
    }
}
