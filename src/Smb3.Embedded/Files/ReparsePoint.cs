using System.Buffers.Binary;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files;

/// <summary>
/// The identity of a reparse point, as given by its REPARSE_DATA_BUFFER (MS-FSCC 2.1.2.2 and 2.1.2.3): a tag, and a GUID for tags that are
/// not Microsoft's.
/// </summary>
/// <param name="Buffer">The buffer, at least the tag.</param>
internal readonly record struct ReparsePoint(ReadOnlyMemory<byte> Buffer)
{
    /// <summary>IO_REPARSE_TAG_MOUNT_POINT.</summary>
    public const uint MountPoint = 0xA0000003;

    /// <summary>IO_REPARSE_TAG_SYMLINK.</summary>
    public const uint Symlink = 0xA000000C;

    private const int HeaderSize = 8;
    private const int GuidSize = 16;
    private const uint MicrosoftBit = 0x80000000;

    /// <summary>The tag.</summary>
    public uint Tag => BinaryPrimitives.ReadUInt32LittleEndian(Buffer.Span);

    private ReadOnlySpan<byte> Owner => (Tag & MicrosoftBit) == 0 && Buffer.Length >= HeaderSize + GuidSize
        ? Buffer.Span.Slice(HeaderSize, GuidSize)
        : default;

    /// <summary>Whether this may replace <paramref name="old"/>: the same tag of the same owner.</summary>
    public NtStatus CheckReplaces(ReparsePoint old) =>
        Tag != old.Tag ? NtStatus.IoReparseTagMismatch
        : !Owner.SequenceEqual(old.Owner) ? NtStatus.ReparseAttributeConflict
        : NtStatus.Success;
}
