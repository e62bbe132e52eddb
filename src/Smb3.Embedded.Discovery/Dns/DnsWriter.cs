using System.Buffers.Binary;

namespace Smb3.Embedded.Discovery.Dns;

/// <summary>
/// Writes one message into a buffer of its own. Names are compressed, also in the data of PTR and SRV records, the latter not for queriers of
/// another port than mDNS has, who know no such thing (RFC 6762 18.14).
/// </summary>
internal sealed class DnsWriter
{
    /// <summary>What fits into an Ethernet frame with IPv6 and UDP (RFC 6762 17).</summary>
    public const int MaxSize = 1440;

    private const ushort Internet = 1, Flag = 0x8000;

    private readonly byte[] _buffer = new byte[DnsReader.HeaderSize + 9000];
    private readonly List<(int At, int Length)> _names = [];
    private int _length = DnsReader.HeaderSize;
    private bool _isLegacy;

    /// <summary>Whether it is as it was begun.</summary>
    public bool IsEmpty => _length == DnsReader.HeaderSize;

    public ReadOnlyMemory<byte> Message => _buffer.AsMemory(0, _length);

    /// <summary>Begins a message, with flags as RFC 6762 18 has them.</summary>
    /// <param name="id">The id: 0, unless it answers somebody who is no mDNS querier.</param>
    /// <param name="isResponse">Whether it answers: QR and AA are set.</param>
    /// <param name="isLegacy">Whether it is for somebody who is none.</param>
    public void Begin(ushort id, bool isResponse, bool isLegacy = false)
    {
        _isLegacy = isLegacy;
        Array.Clear(_buffer, 0, DnsReader.HeaderSize);
        _names.Clear();
        _length = DnsReader.HeaderSize;
        BinaryPrimitives.WriteUInt16BigEndian(_buffer, id);
        _buffer[2] = isResponse ? (byte)0x84 : (byte)0;
    }

    /// <summary>Asks for a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="type">The type.</param>
    /// <param name="space">The class, with the bit for unicast answers.</param>
    public void Ask(ReadOnlySpan<byte> name, DnsType type, ushort space)
    {
        WriteName(name);
        Write((ushort)type);
        Write(space);
        Count(4);
    }

    /// <summary>Asks for all records of a name (RFC 6762 8.1).</summary>
    public void Probe(DnsName name) => Ask(name.Wire, DnsType.Any, Internet);

    /// <summary>Adds a record; false, with nothing written, when the message has no room for it.</summary>
    /// <param name="record">The record.</param>
    /// <param name="section">Where to.</param>
    /// <param name="timeToLive">Its time to live.</param>
    /// <param name="flush">Whether others are to forget what they know of its name and type, if it is unique (RFC 6762 10.2).</param>
    public bool TryAdd(DnsRecord record, DnsSection section, uint timeToLive, bool flush)
    {
        var start = _length;
        var names = _names.Count;

        // The first one may need more than a frame: there is no smaller message that has it.
        var most = IsEmpty ? _buffer.Length : MaxSize;
        if (start + record.Name.Wire.Length + 10 + record.Data.Length > _buffer.Length)
        {
            return false;
        }

        WriteName(record.Name.Wire);
        Write((ushort)record.Type);
        Write((ushort)(Internet | (record.IsUnique && flush ? Flag : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(_length), timeToLive);
        _length += 4;
        var size = _length;
        _length += 2;
        var data = _isLegacy && record.Type == DnsType.Srv ? record.Data : record.Prefix;
        data.Span.CopyTo(_buffer.AsSpan(_length));
        _length += data.Length;
        if (record.Target is { } target && data.Length == record.Prefix.Length)
        {
            WriteName(target.Wire);
        }

        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(size), (ushort)(_length - size - 2));
        if (_length > most)
        {
            _length = start;
            _names.RemoveRange(names, _names.Count - names);
            return false;
        }

        Count((int)section);
        return true;
    }

    private void Count(int at) =>
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(at), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(at)) + 1));

    private void Write(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(_length), value);
        _length += 2;
    }

    private void WriteName(ReadOnlySpan<byte> name)
    {
        while (name[0] != 0)
        {
            if (Find(name) is { } at)
            {
                Write((ushort)(0xC000 | at));
                return;
            }

            _names.Add((_length, name.Length));
            name[..(name[0] + 1)].CopyTo(_buffer.AsSpan(_length));
            _length += name[0] + 1;
            name = name[(name[0] + 1)..];
        }

        _buffer[_length++] = 0;
    }

    /// <summary>Where a name was written that is spelled in the same way.</summary>
    private int? Find(ReadOnlySpan<byte> name)
    {
        Span<byte> room = stackalloc byte[DnsName.MaxSize];
        foreach (var (at, length) in _names)
        {
            var from = at;
            if (length == name.Length && at < 0x4000
                && DnsReader.TryReadName(_buffer.AsSpan(0, _length), ref from, room, out var found) && room[..found].SequenceEqual(name))
            {
                return at;
            }
        }

        return null;
    }
}

/// <summary>Where in a message a record belongs: the place of its count in the header.</summary>
internal enum DnsSection
{
    Answer = 6,
    Authority = 8,
    Additional = 10,
}
