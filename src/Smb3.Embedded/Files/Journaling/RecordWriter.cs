using System.Buffers.Binary;
using System.Numerics;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>Writes the values of a record one after the other; <see cref="RecordReader"/> reads them back.</summary>
/// <remarks>
/// Numbers are LEB128: seven bits a byte, the lowest first, the top bit set on all bytes but the last. Texts are a number, twice the count of
/// UTF-16 units, plus one if any is above U+007F; then one byte for each unit, or two. Ids are 16 bytes. A SID that differs from the one
/// before it only in its last sub-authority is that sub-authority alone.
/// </remarks>
internal ref struct RecordWriter
{
    private const byte SameDomain = 0x80;

    private byte[] _buffer;
    private int _length;
    private Sid? _lastSid;

    /// <summary>Begins a record of about <paramref name="expected"/> bytes.</summary>
    public RecordWriter(int expected) => _buffer = new byte[expected];

    /// <summary>Writes a byte.</summary>
    public void Byte(byte value) => Room(1)[0] = value;

    /// <summary>Writes a number.</summary>
    public void Number(ulong value)
    {
        while (value > 0x7F)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    /// <summary>Writes a text, of any UTF-16 units.</summary>
    public void Text(string value)
    {
        var isWide = value.AsSpan().ContainsAnyExceptInRange('\0', '\x7F');
        Number(((ulong)value.Length << 1) | (isWide ? 1u : 0u));
        var room = Room(isWide ? value.Length * sizeof(char) : value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (isWide)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(room[(i * sizeof(char))..], value[i]);
            }
            else
            {
                room[i] = (byte)value[i];
            }
        }
    }

    /// <summary>Writes an id.</summary>
    public void Id(Guid value) => value.TryWriteBytes(Room(RecordReader.IdSize));

    /// <summary>Writes a number and as many bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number((uint)value.Length);
        value.CopyTo(Room(value.Length));
    }

    /// <summary>Writes a SID.</summary>
    public void Sid(Sid value)
    {
        var parts = value.SubAuthorities;
        if (_lastSid is { } last && last.Authority == value.Authority && parts.Length > 0
            && last.SubAuthorities.Length == parts.Length && last.SubAuthorities[..^1].SequenceEqual(parts[..^1]))
        {
            Byte(SameDomain);
            Number(parts[^1]);
        }
        else
        {
            Byte((byte)parts.Length);
            Number(value.Authority);
            foreach (var part in parts)
            {
                Number(part);
            }
        }

        _lastSid = value;
    }

    /// <summary>The record, with its checksum at the end.</summary>
    public byte[] ToArray()
    {
        var checksum = ChecksumOf(_buffer.AsSpan(0, _length));
        BinaryPrimitives.WriteUInt32LittleEndian(Room(sizeof(uint)), checksum);
        return _length == _buffer.Length ? _buffer : _buffer[.._length];
    }

    /// <summary>CRC-32C.</summary>
    public static uint ChecksumOf(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }

    private Span<byte> Room(int length)
    {
        if (_buffer.Length - _length < length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + length));
        }

        var room = _buffer.AsSpan(_length, length);
        _length += length;
        return room;
    }
}
