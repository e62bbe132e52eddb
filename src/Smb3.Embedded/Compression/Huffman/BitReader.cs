using System.Buffers.Binary;
using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression.Huffman;

/// <summary>
/// Bits out of words of two bytes, the highest first; bytes of lengths stand between the words, behind those that have been taken so far
/// (MS-XCA 2.2.4).
/// </summary>
internal ref struct BitReader
{
    private readonly ReadOnlySpan<byte> _source;
    private uint _next;
    private int _spare;
    private int _at;

    /// <param name="source">The data.</param>
    /// <param name="at">Where the words of a block begin.</param>
    public BitReader(ReadOnlySpan<byte> source, int at)
    {
        _source = source;
        _at = at;
        _next = (uint)Word() << 16;
        _next |= Word();
        _spare = 16;
    }

    /// <summary>Whether a word was taken that is not there. Who has all that was to come does not mind.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Where the next block begins.</summary>
    public readonly int At => _at;

    /// <summary>The next 15 bits, which stay.</summary>
    public readonly int Peek15 => (int)(_next >> 17);

    /// <summary>Takes bits, at most 15.</summary>
    public int Take(int bits)
    {
        var value = bits == 0 ? 0 : (int)(_next >> (32 - bits));
        Skip(bits);
        return value;
    }

    /// <summary>Goes on by at most 15 bits.</summary>
    public void Skip(int bits)
    {
        _next <<= bits;
        _spare -= bits;
        if (_spare < 0)
        {
            _next |= (uint)Word() << -_spare;
            _spare += 16;
        }
    }

    /// <summary>Takes a byte from between the words.</summary>
    public bool TryTakeByte(out int value)
    {
        if (_at >= _source.Length)
        {
            value = 0;
            return false;
        }

        value = _source[_at++];
        return true;
    }

    /// <summary>Takes a length from between the words.</summary>
    public bool TryTakeLongLength(out int length) => LongLength.TryRead(_source, ref _at, out length);

    private ushort Word()
    {
        if (_source.Length - _at < sizeof(ushort))
        {
            IsOver = true;
            _at = _source.Length;
            return 0;
        }

        var word = BinaryPrimitives.ReadUInt16LittleEndian(_source[_at..]);
        _at += sizeof(ushort);
        return word;
    }
}
