namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// How encrypted data lies in a file of the store below: a header, blocks of 16 bytes, and zeros whose number says how much of the last block is data. No
/// data is an empty file.
/// </summary>
/// <remarks>
/// The number of zeros is that of bytes in the last block when it is not whole, so that every length of the file below is that of some data, an append is
/// one write, and data of whole blocks takes up no more than them. The header leaves what lies behind it in the same place within a page.
/// </remarks>
internal static class EncryptedLayout
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 4096;

    /// <summary>Where the block begins that a byte is in.</summary>
    public static long Floor(long offset) => offset & ~(XtsAes.BlockLength - 1L);

    /// <summary>Where the first block begins that does not begin before a byte.</summary>
    public static long Ceiling(long offset) => Floor(offset + XtsAes.BlockLength - 1);

    /// <summary>Bytes of zeros behind the blocks.</summary>
    public static int FillOf(long length) => (int)(length % XtsAes.BlockLength);

    /// <summary>The length of the file below with so much data.</summary>
    public static long OuterLengthOf(long length) => length == 0 ? 0 : HeaderLength + Ceiling(length) + FillOf(length);

    /// <summary>The length of the data in a file below. One that is shorter than a header has none of ours, and is told as it is.</summary>
    public static long LengthOf(long outerLength)
    {
        if (outerLength < HeaderLength)
        {
            return outerLength;
        }

        var blocks = outerLength - HeaderLength;
        var fill = FillOf(blocks);
        return fill == 0 ? blocks : Math.Max(0, Floor(blocks) - XtsAes.BlockLength + fill);
    }

    /// <summary>What data occupies when the file below occupies so much.</summary>
    public static long AllocationOf(long outerLength, long outerAllocation) =>
        outerLength < HeaderLength ? outerAllocation : Math.Max(0, outerAllocation - HeaderLength);

    /// <summary>What a client is to see of a file below, or of a stream, which is also told with what it says of its folder.</summary>
    public static FileMetadata Show(FileMetadata metadata) => metadata.Length == 0 ? metadata
        : metadata with { Length = LengthOf(metadata.Length), AllocationSize = AllocationOf(metadata.Length, metadata.AllocationSize) };
}
