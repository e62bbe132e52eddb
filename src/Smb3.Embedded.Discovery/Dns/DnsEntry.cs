namespace Smb3.Embedded.Discovery.Dns;

/// <summary>A record of a message that was received.</summary>
internal readonly ref struct DnsEntry
{
    private const int CacheFlush = 0x8000;

    private readonly ReadOnlySpan<byte> _message;
    private readonly ushort _space;
    private readonly int _start;
    private readonly int _size;

    public DnsEntry(ReadOnlySpan<byte> message, int nameLength, DnsType type, ushort space, uint timeToLive, int start, int size)
    {
        _message = message;
        NameLength = nameLength;
        Type = type;
        TimeToLive = timeToLive;
        _space = space;
        _start = start;
        _size = size;
    }

    /// <summary>How much of the room its name has.</summary>
    public int NameLength { get; }

    public DnsType Type { get; }

    public uint TimeToLive { get; }

    public bool IsInternet => (_space & ~CacheFlush) == 1;

    /// <summary>Writes its data without compression, as they are compared (RFC 6762 8.2.1).</summary>
    /// <param name="room">Where to.</param>
    /// <param name="length">How many bytes there are.</param>
    /// <returns>Whether they are well formed and have room.</returns>
    public bool TryReadData(Span<byte> room, out int length)
    {
        length = 0;
        var prefix = Type switch { DnsType.Ptr or DnsType.Cname or DnsType.Nsec => 0, DnsType.Srv => 6, _ => -1 };
        var data = _message.Slice(_start, _size);
        if (prefix < 0)
        {
            length = _size;
            return data.TryCopyTo(room);
        }

        if (_size <= prefix || room.Length < prefix)
        {
            return false;
        }

        data[..prefix].CopyTo(room);
        var at = _start + prefix;
        if (!DnsReader.TryReadName(_message, ref at, room[prefix..], out var name) || at > _start + _size)
        {
            return false;
        }

        var rest = _message[at..(_start + _size)];
        length = prefix + name + rest.Length;
        return rest.TryCopyTo(room[(prefix + name)..]);
    }
}
