using System.Buffers.Binary;
using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression.Huffman;

/// <summary>
/// The writer to <see cref="BitReader"/>, which has always two words more than it has used: so the places of two words are kept, in front of
/// bytes that are written meanwhile (MS-XCA 2.1.4.3).
/// </summary>
/// <remarks>Whoever calls sees to it that there is room: <see cref="Room"/>.</remarks>
internal ref struct BitWriter
{
    private readonly Span<byte> _target;
    private int _first;
    private int _second;
    private int _at;
    private int _free;
    private uint _word;

    /// <param name="target">Where it goes.</param>
    /// <param name="at">Where the words of a block begin; there is room for two.</param>
    public BitWriter(Span<byte> target, int at)
    {
        _target = target;
        _first = at;
        _second = at + sizeof(ushort);
        _at = at + (2 * sizeof(ushort));
        _free = 16;
    }

    /// <summary>Bytes that are left.</summary>
    public readonly int Room => _target.Length - _at;

    /// <summary>Writes at most 16 bits.</summary>
    public void Put(int bits, int count)
    {
        if (count <= _free)
        {
            _free -= count;
            _word = (_word << count) | (uint)bits;
            return;
        }

        var left = count - _free;
        Place((ushort)((_word << _free) | ((uint)bits >> left)));
        _first = _second;
        _second = _at;
        _at += sizeof(ushort);
        _free = 16 - left;
        _word = (uint)bits & ((1u << left) - 1);
    }

    /// <summary>Writes a byte between the words.</summary>
    public void PutByte(int value) => _target[_at++] = (byte)value;

    /// <summary>Writes a length between the words.</summary>
    public void PutLongLength(int length) => _at += LongLength.Write(_target[_at..], length);

    /// <summary>Ends the block, and returns where the next one begins.</summary>
    public int Finish()
    {
        Place((ushort)(_word << _free));
        BinaryPrimitives.WriteUInt16LittleEndian(_target[_second..], 0);
        return _at;
    }

    private readonly void Place(ushort word) => BinaryPrimitives.WriteUInt16LittleEndian(_target[_first..], word);
}
