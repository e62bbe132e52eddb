namespace Smb3.Embedded.Compression.Huffman;

/// <summary>
/// The numbers of LZ77+Huffman (MS-XCA 2.1 and 2.2): blocks of 64 KiB, each with a prefix code of its own for bytes and for kinds of match. A
/// kind is the number of bits of an offset, times 16, and a length less 3 up to 14, or 15 when the length follows in bytes.
/// </summary>
internal static class Lz77Huffman
{
    /// <summary>Bytes that one block becomes.</summary>
    public const int BlockSize = 65_536;

    public const int FirstMatch = 256;
    public const int ShortestMatch = 3;
    public const int MostInSymbol = 15;
    public const int MostInByte = 255;
    public const int Farthest = 65_535;

    /// <summary>The symbol that ends the last block: the kind of match of the shortest length and offset, where no match follows.</summary>
    public const int End = 256;
}
