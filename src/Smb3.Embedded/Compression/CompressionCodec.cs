using Smb3.Embedded.Compression.Huffman;
using Smb3.Embedded.Compression.Matching;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>The algorithms of MS-SMB2 2.2.3.1.3 that make something of data, by their number, and the memory in which they work.</summary>
/// <remarks>The tables cost more than most messages, so they are lent by a <see cref="CodecPool"/>; each is made when it is first needed.</remarks>
internal sealed class CompressionCodec
{
    private MatchTable? _table;
    private HuffmanEncoder? _encoder;
    private HuffmanDecoder? _decoder;

    /// <summary>Whether an algorithm is one of these.</summary>
    public static bool Has(Smb2CompressionAlgorithm algorithm) => algorithm is Smb2CompressionAlgorithm.Lznt1
        or Smb2CompressionAlgorithm.Lz77 or Smb2CompressionAlgorithm.Lz77Huffman or Smb2CompressionAlgorithm.Lz4;

    /// <summary>Compresses data.</summary>
    /// <param name="algorithm">How.</param>
    /// <param name="source">The data.</param>
    /// <param name="target">Where it goes. What does not fit is not worth compressing.</param>
    /// <returns>Bytes written; 0: it does not fit.</returns>
    public int Compress(Smb2CompressionAlgorithm algorithm, ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (algorithm)
        {
            case Smb2CompressionAlgorithm.Lznt1:
                return Lznt1.Compress(source, target, _table ??= new MatchTable());
            case Smb2CompressionAlgorithm.Lz77:
                return PlainLz77.Compress(source, target, _table ??= new MatchTable());
            case Smb2CompressionAlgorithm.Lz77Huffman:
                _encoder ??= new HuffmanEncoder();
                return _encoder.Compress(source, target, _table ??= new MatchTable());
            case Smb2CompressionAlgorithm.Lz4:
                return Lz4.Compress(source, target);
            default:
                return 0;
        }
    }

    /// <summary>Decompresses data.</summary>
    /// <param name="algorithm">How it was compressed.</param>
    /// <param name="source">The compressed data.</param>
    /// <param name="target">Exactly as long as what comes out.</param>
    /// <returns>False: it is not the compressed form of as many bytes.</returns>
    public bool TryDecompress(Smb2CompressionAlgorithm algorithm, ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (algorithm)
        {
            case Smb2CompressionAlgorithm.Lznt1:
                return Lznt1.TryDecompress(source, target);
            case Smb2CompressionAlgorithm.Lz77:
                return PlainLz77.TryDecompress(source, target);
            case Smb2CompressionAlgorithm.Lz77Huffman:
                _decoder ??= new HuffmanDecoder();
                return _decoder.TryDecompress(source, target);
            case Smb2CompressionAlgorithm.Lz4:
                return Lz4.TryDecompress(source, target);
            default:
                return false;
        }
    }
}
