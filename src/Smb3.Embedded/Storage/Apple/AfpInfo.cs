using System.Buffers.Binary;

namespace Smb3.Embedded.Storage.Apple;

/// <summary>
/// What the stream AFP_AfpInfo holds: signature "AFP\0" (4 bytes), version (4), reserved (4), backup time (4), Finder info (32), ProDOS info (6),
/// reserved (6). Windows NT wrote the first two as numbers of its own order, macOS as bytes; the rest is big-endian.
/// </summary>
internal static class AfpInfo
{
    public const int Size = 60;

    public const int FinderInfoOffset = 16;

    public const int FinderInfoSize = 32;

    private const int SignatureSize = 3;

    private const int BackupTimeOffset = 12;

    /// <summary>The time of a backup that was never made.</summary>
    private const uint NeverBackedUp = 0x80000000;

    private static ReadOnlySpan<byte> Header => [(byte)'A', (byte)'F', (byte)'P', 0, 0, 0, 1, 0];

    /// <summary>Whether it is a whole record.</summary>
    public static bool IsValid(ReadOnlySpan<byte> info) => info.Length >= Size && IsBeginning(info);

    /// <summary>Whether a record can begin like this: with the signature at least, and nothing else.</summary>
    public static bool IsBeginning(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= SignatureSize && Header.StartsWith(bytes[..Math.Min(bytes.Length, Header.Length)]);

    /// <summary>Whether it says nothing that a file without one does not say.</summary>
    public static bool IsEmpty(ReadOnlySpan<byte> info) => !FinderInfoOf(info).ContainsAnyExcept((byte)0);

    public static ReadOnlySpan<byte> FinderInfoOf(ReadOnlySpan<byte> info) => info.Slice(FinderInfoOffset, FinderInfoSize);

    /// <summary>Writes that of a file which has none.</summary>
    public static void WriteEmpty(Span<byte> info)
    {
        info[..Size].Clear();
        Header.CopyTo(info);
        BinaryPrimitives.WriteUInt32BigEndian(info[BackupTimeOffset..], NeverBackedUp);
    }
}
