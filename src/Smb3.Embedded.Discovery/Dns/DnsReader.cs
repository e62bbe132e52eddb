using System.Buffers.Binary;

namespace Smb3.Embedded.Discovery.Dns;

/// <summary>
/// Reads a message (RFC 1035 4) part after part, without allocation. Whatever the bytes are, each step ends and stays inside of them: a
/// compressed name may only point to what is before it, so it cannot go round, and has at most 255 bytes.
/// </summary>
internal ref struct DnsReader
{
    public const int HeaderSize = 12;

    private readonly ReadOnlySpan<byte> _message;
    private int _at;

    private DnsReader(ReadOnlySpan<byte> message)
    {
        _message = message;
        _at = HeaderSize;
    }

    public readonly ushort Id => BinaryPrimitives.ReadUInt16BigEndian(_message);

    /// <summary>QR: it answers.</summary>
    public readonly bool IsResponse => (_message[2] & 0x80) != 0;

    /// <summary>OPCODE and RCODE are 0; messages of others are ignored (RFC 6762 18.3, 18.11).</summary>
    public readonly bool IsPlain => (_message[2] & 0x78) == 0 && (_message[3] & 0x0F) == 0;

    /// <summary>TC: more known answers follow (RFC 6762 7.2).</summary>
    public readonly bool IsTruncated => (_message[2] & 0x02) != 0;

    public readonly int Questions => BinaryPrimitives.ReadUInt16BigEndian(_message[4..]);

    public readonly int Answers => BinaryPrimitives.ReadUInt16BigEndian(_message[6..]);

    public readonly int Authorities => BinaryPrimitives.ReadUInt16BigEndian(_message[8..]);

    public readonly int Additionals => BinaryPrimitives.ReadUInt16BigEndian(_message[10..]);

    public static bool TryOpen(ReadOnlySpan<byte> message, out DnsReader reader)
    {
        reader = message.Length >= HeaderSize ? new DnsReader(message) : default;
        return message.Length >= HeaderSize;
    }

    /// <summary>Reads the next question.</summary>
    /// <param name="room">Room for its name: 255 bytes.</param>
    /// <param name="question">What is asked.</param>
    public bool TryReadQuestion(scoped Span<byte> room, out DnsQuestion question)
    {
        question = default;
        if (!TryReadName(_message, ref _at, room, out var length) || _message.Length - _at < 4)
        {
            return false;
        }

        var type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(_message[_at..]);
        var space = BinaryPrimitives.ReadUInt16BigEndian(_message[(_at + 2)..]);
        _at += 4;
        question = new DnsQuestion(length, type, space);
        return true;
    }

    /// <summary>Reads the next record of any of the three kinds.</summary>
    /// <param name="room">Room for its name: 255 bytes.</param>
    /// <param name="entry">The record.</param>
    public bool TryReadEntry(scoped Span<byte> room, out DnsEntry entry)
    {
        entry = default;
        if (!TryReadName(_message, ref _at, room, out var length) || _message.Length - _at < 10)
        {
            return false;
        }

        var head = _message[_at..];
        var size = BinaryPrimitives.ReadUInt16BigEndian(head[8..]);
        if (size > head.Length - 10)
        {
            return false;
        }

        entry = new DnsEntry(
            _message, length, (DnsType)BinaryPrimitives.ReadUInt16BigEndian(head), BinaryPrimitives.ReadUInt16BigEndian(head[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(head[4..]), _at + 10, size);
        _at += 10 + size;
        return true;
    }

    /// <summary>Reads a name, and the labels that it points to (RFC 1035 4.1.4).</summary>
    /// <param name="message">The message.</param>
    /// <param name="at">Where it is; then, where what follows it is.</param>
    /// <param name="room">Where it is written without compression: 255 bytes.</param>
    /// <param name="length">How many were written.</param>
    internal static bool TryReadName(ReadOnlySpan<byte> message, scoped ref int at, Span<byte> room, out int length)
    {
        length = 0;
        var from = at;
        var end = -1;           // behind the first pointer
        var earliest = at;      // each pointer leads further back than where the labels before it began
        while (from < message.Length)
        {
            var size = message[from];
            switch (size & 0xC0)
            {
                case 0x00 when size < message.Length - from && length + size + 1 <= Math.Min(room.Length, DnsName.MaxSize):
                    message.Slice(from, size + 1).CopyTo(room[length..]);
                    length += size + 1;
                    from += size + 1;
                    if (size == 0)
                    {
                        at = end < 0 ? from : end;
                        return true;
                    }

                    break;
                case 0xC0 when from + 1 < message.Length:
                    var target = ((size & 0x3F) << 8) | message[from + 1];
                    if (target >= earliest || target < HeaderSize)
                    {
                        return false;
                    }

                    end = end < 0 ? from + 2 : end;
                    from = earliest = target;
                    break;
                default:
                    return false;
            }
        }

        return false;
    }
}

/// <summary>A question of a message.</summary>
/// <param name="NameLength">How much of the room its name has.</param>
/// <param name="Type">The type.</param>
/// <param name="Space">The class as it was sent.</param>
internal readonly record struct DnsQuestion(int NameLength, DnsType Type, ushort Space)
{
    private const ushort Unicast = 0x8000;

    /// <summary>Class IN or any.</summary>
    public bool IsInternet => (Space & ~Unicast) is 1 or 255;

    /// <summary>QU: whoever asks wants the answer for itself (RFC 6762 5.4).</summary>
    public bool WantsUnicast => (Space & Unicast) != 0;
}
