using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>
/// The memory in which a server's messages are compressed, lent for one call each: there is as much of it as calls run at once, idle memory is kept
/// for a few of them, and given back when it has not been needed for a while.
/// </summary>
internal sealed class CodecPool
{
    private readonly Stack<CompressionCodec> _free = new();
    private int _unused;

    /// <summary>The most that are kept: no more calls than cores get on at once.</summary>
    public static int MostKept { get; } = Environment.ProcessorCount;

    /// <summary>How many are idle.</summary>
    public int Kept
    {
        get
        {
            lock (_free)
            {
                return _free.Count;
            }
        }
    }

    /// <summary>Compresses data.</summary>
    /// <param name="algorithm">How.</param>
    /// <param name="source">The data.</param>
    /// <param name="target">Where it goes. What does not fit is not worth compressing.</param>
    /// <returns>Bytes written; 0: it does not fit.</returns>
    public int Compress(Smb2CompressionAlgorithm algorithm, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var codec = Take();
        try
        {
            return codec.Compress(algorithm, source, target);
        }
        finally
        {
            Put(codec);
        }
    }

    /// <summary>Decompresses data.</summary>
    /// <param name="algorithm">How it was compressed.</param>
    /// <param name="source">The compressed data.</param>
    /// <param name="target">Exactly as long as what comes out.</param>
    /// <returns>False: it is not the compressed form of as many bytes.</returns>
    public bool TryDecompress(Smb2CompressionAlgorithm algorithm, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var codec = Take();
        try
        {
            return codec.TryDecompress(algorithm, source, target);
        }
        finally
        {
            Put(codec);
        }
    }

    /// <summary>Releases what was not needed since the last call.</summary>
    public void Trim()
    {
        lock (_free)
        {
            for (; _unused > 0; _unused--)
            {
                _free.Pop();
            }

            _unused = _free.Count;
        }
    }

    private CompressionCodec Take()
    {
        lock (_free)
        {
            if (_free.TryPop(out var codec))
            {
                _unused = Math.Min(_unused, _free.Count);
                return codec;
            }
        }

        return new CompressionCodec();
    }

    private void Put(CompressionCodec codec)
    {
        lock (_free)
        {
            if (_free.Count < MostKept)
            {
                _free.Push(codec);
            }
        }
    }
}
