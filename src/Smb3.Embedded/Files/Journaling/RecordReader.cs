using System.Buffers.Binary;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>
/// Reads what <see cref="RecordWriter"/> has written. Values that are not there, or cannot be, are zero or empty and make
/// <see cref="IsSound"/> false: it is looked at once, at the end.
/// </summary>
internal ref struct RecordReader
{
    /// <summary>The length of an id.</summary>
    public const int IdSize = 16;

    private const byte SameDomain = 0x80;
    private const int MaxNumberLength = 10;

    private ReadOnlySpan<byte> _rest;
    private Sid? _lastSid;

    /// <summary>Begins to read a record, including its checksum.</summary>
    public RecordReader(ReadOnlySpan<byte> record)
    {
        if (record.Length < sizeof(uint))
        {
            return;
        }

        _rest = record[..^sizeof(uint)];
        IsSound = RecordWriter.ChecksumOf(_rest) == BinaryPrimitives.ReadUInt32LittleEndian(record[^sizeof(uint)..]);
    }

    /// <summary>Whether everything was there so far.</summary>
    public bool IsSound { get; private set; }

    /// <summary>How much is left.</summary>
    public readonly int Left => _rest.Length;

    /// <summary>Notes that a value makes no sense.</summary>
    public void Fail()
    {
        IsSound = false;
        _rest = [];
    }

    /// <summary>Reads a byte.</summary>
    public byte Byte() => Bytes(1) is [var value] ? value : (byte)0;

    /// <summary>Reads a number.</summary>
    public ulong Number()
    {
        ulong value = 0;
        for (var i = 0; i < MaxNumberLength; i++)
        {
            var next = Byte();
            if (i == MaxNumberLength - 1 && next > 1)
            {
                break;
            }

            value |= (ulong)(next & 0x7F) << (7 * i);
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }

        Fail();
        return 0;
    }

    /// <summary>Reads a number of at most <paramref name="most"/>.</summary>
    public ulong Number(ulong most)
    {
        var value = Number();
        if (value <= most)
        {
            return value;
        }

        Fail();
        return 0;
    }

    /// <summary>Reads how many values of at least <paramref name="size"/> bytes each follow.</summary>
    public int Count(int size) => (int)Number((ulong)(Left / size));

    /// <summary>Reads a text.</summary>
    public string Text()
    {
        var header = Number();
        var isWide = (header & 1) != 0;
        var length = header >> 1;
        if (length > (ulong)(isWide ? Left / sizeof(char) : Left))
        {
            Fail();
            return string.Empty;
        }

        if (!isWide)
        {
            return System.Text.Encoding.Latin1.GetString(Bytes((int)length));
        }

        var units = new char[length];
        var bytes = Bytes(units.Length * sizeof(char));
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(char))..]);
        }

        return new string(units);
    }

    /// <summary>Reads an id.</summary>
    public Guid Id() => Bytes(IdSize) is { Length: IdSize } bytes ? new Guid(bytes) : Guid.Empty;

    /// <summary>Reads as many bytes.</summary>
    public ReadOnlySpan<byte> Bytes(int length)
    {
        if (length > _rest.Length)
        {
            Fail();
            return [];
        }

        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    /// <summary>Reads a SID.</summary>
    public Sid Sid()
    {
        var count = Byte();
        if (count == SameDomain && _lastSid is { Domain: { } domain })
        {
            return _lastSid = domain.WithRid((uint)Number(uint.MaxValue));
        }

        if (count > Nt.Sid.MaxSubAuthorities)
        {
            Fail();
            count = 0;
        }

        var authority = Number((1UL << 48) - 1);
        Span<uint> parts = stackalloc uint[count];
        for (var i = 0; i < count; i++)
        {
            parts[i] = (uint)Number(uint.MaxValue);
        }

        return _lastSid = new Sid(authority, parts);
    }
}
