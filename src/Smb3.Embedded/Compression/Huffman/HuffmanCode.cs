namespace Smb3.Embedded.Compression.Huffman;

/// <summary>
/// The prefix code of a block (MS-XCA 2.1.4.2 and 2.2.4): 512 symbols, of at most 15 bits each, canonical, so that the lengths alone tell it.
/// They stand in front of the block, four bits each.
/// </summary>
internal static class HuffmanCode
{
    /// <summary>256 bytes and 256 kinds of match.</summary>
    public const int Symbols = 512;

    /// <summary>What the lengths of all symbols take.</summary>
    public const int TableSize = Symbols / 2;

    public const int LongestCode = 15;

    /// <summary>Reads the lengths and makes what a decoder looks the next 15 bits up in: the symbol, and in the lowest four bits its length.</summary>
    /// <param name="table">The lengths, as they stand in front of a block.</param>
    /// <param name="decoder">2^15 entries.</param>
    /// <returns>False: they are no complete prefix code.</returns>
    public static bool TryMakeDecoder(ReadOnlySpan<byte> table, Span<ushort> decoder)
    {
        var at = 0;
        for (var length = 1; length <= LongestCode; length++)
        {
            var entries = 1 << (LongestCode - length);
            for (var symbol = 0; symbol < Symbols; symbol++)
            {
                if (LengthOf(table, symbol) != length)
                {
                    continue;
                }

                if (entries > decoder.Length - at)
                {
                    return false;
                }

                decoder.Slice(at, entries).Fill((ushort)((symbol << 4) | length));
                at += entries;
            }
        }

        return at == decoder.Length;
    }

    /// <summary>Writes the lengths as they stand in front of a block.</summary>
    public static void WriteTable(ReadOnlySpan<byte> lengths, Span<byte> table)
    {
        for (var i = 0; i < TableSize; i++)
        {
            table[i] = (byte)(lengths[2 * i] | (lengths[(2 * i) + 1] << 4));
        }
    }

    /// <summary>The codes that belong to lengths, in the order of length and then of the symbol.</summary>
    public static void AssignCodes(ReadOnlySpan<byte> lengths, Span<ushort> codes)
    {
        var code = 0;
        for (var length = 1; length <= LongestCode; length++)
        {
            code <<= 1;
            for (var symbol = 0; symbol < Symbols; symbol++)
            {
                if (lengths[symbol] == length)
                {
                    codes[symbol] = (ushort)code++;
                }
            }
        }
    }

    private static int LengthOf(ReadOnlySpan<byte> table, int symbol) => (table[symbol >> 1] >> ((symbol & 1) * 4)) & 0xF;
}
