using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>
/// What a POSIX inode has no field for, kept in the extended attribute <c>user.smb3.dos</c>: 36 bytes, little-endian.
/// <code>
/// 0  byte    version (1)
/// 1  byte    1: creation time is set, 2: change time is set
/// 2  uint16  reserved
/// 4  uint32  DOS attributes
/// 8  int64   creation time
/// 16 int64   change time that was explicitly set
/// 24 int64   when it was set: it holds until the inode's own change time is later
/// 32 uint32  tag of a reparse point, whose data is in <c>user.smb3.reparse</c>; absent: 0
/// </code>
/// </summary>
internal readonly record struct DosRecord(FileAttributes Attributes, FileTime? Creation, FileTime? Change, FileTime ChangeSetAt)
{
    /// <summary>Bytes of a record.</summary>
    public const int Size = 36;

    /// <summary>Attributes that no client sets: they describe what the file is.</summary>
    public const FileAttributes Nature = FileAttributes.Directory | FileAttributes.Normal | FileAttributes.SparseFile
        | FileAttributes.Compressed | FileAttributes.ReparsePoint;

    private const FileAttributes Kept = Nature | FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System
        | FileAttributes.Archive | FileAttributes.Temporary | FileAttributes.Offline | FileAttributes.NotContentIndexed
        | FileAttributes.Encrypted | FileAttributes.IntegrityStream | FileAttributes.NoScrubData;

    private const int SmallestSize = 32;

    // The clock of inodes ticks as rarely as every 10 ms, and the record is written just before the inode is stamped.
    private static readonly long Slack = TimeSpan.FromMilliseconds(15).Ticks;

    /// <summary>The attribute's name.</summary>
    public static ReadOnlySpan<byte> Name => "user.smb3.dos\0"u8;

    /// <summary>The tag of a reparse point; otherwise 0.</summary>
    public uint ReparseTag { get; init; }

    /// <summary>
    /// The attributes of a file without a record: archive, which a file on NTFS has from its creation (so creating one needs no record),
    /// and read-only when nobody may write to it.
    /// </summary>
    public static FileAttributes DefaultAttributes(in StatxBuffer stat) =>
        stat.IsDirectory ? 0 : (stat.Mode & 0b010_010_010) == 0 ? FileAttributes.Archive | FileAttributes.ReadOnly : FileAttributes.Archive;

    /// <summary>Reads a record; false when this version does not recognize it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out DosRecord record)
    {
        record = default;
        if (bytes.Length < SmallestSize || bytes[0] != 1)
        {
            return false;
        }

        // The inode tells whether this is a directory; some records contain that flag too.
        var attributes = (FileAttributes)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) & ~(FileAttributes.Directory | FileAttributes.Normal);
        var tag = bytes.Length < Size ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]);
        record = new DosRecord(
            tag != 0 ? attributes | FileAttributes.ReparsePoint : attributes & ~FileAttributes.ReparsePoint,
            (bytes[1] & 1) != 0 ? new FileTime(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..])) : null,
            (bytes[1] & 2) != 0 ? new FileTime(BinaryPrimitives.ReadInt64LittleEndian(bytes[16..])) : null,
            new FileTime(BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])))
        {
            ReparseTag = tag,
        };

        // The store never writes these: flags that only the file system can report, bits without a meaning, times before 1601.
        return (attributes & ~Kept) == 0 && record.Creation is not { Ticks: < 0 } && record.Change is not { Ticks: < 0 };
    }

    /// <summary>Writes the record into <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..Size].Clear();
        bytes[0] = 1;
        bytes[1] = (byte)((Creation is null ? 0 : 1) | (Change is null ? 0 : 2));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], (uint)Attributes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Creation?.Ticks ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Change?.Ticks ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], ChangeSetAt.Ticks);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], ReparseTag);
    }

    /// <summary>The change time, given that of the inode.</summary>
    public FileTime ChangeTime(FileTime inode) =>
        Change is { } set && inode.Ticks <= ChangeSetAt.Ticks + Slack ? set : inode;
}
