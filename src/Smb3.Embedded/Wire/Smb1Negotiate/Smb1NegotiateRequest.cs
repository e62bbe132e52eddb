using System.Buffers.Binary;

namespace Smb3.Embedded.Wire.Smb1Negotiate;

/// <summary>
/// The SMB1 NEGOTIATE with which an old or cautious client begins (MS-SMB2 3.3.5.3, MS-CIFS 2.2.4.52): a header of
/// 32 bytes beginning with FF 'SMB' and command 0x72, WordCount 0, ByteCount (2), and dialects, each the byte 2 and a zero-terminated
/// name. Nothing else of SMB1 is spoken.
/// </summary>
internal readonly ref struct Smb1NegotiateRequest
{
    /// <summary>FF 'S' 'M' 'B', read as a little-endian number.</summary>
    public const uint ProtocolId = 0x424D53FF;

    private const int HeaderSize = 32;
    private const int DialectsOffset = HeaderSize + 3;
    private const byte NegotiateCommand = 0x72;
    private const byte DialectFormat = 0x02;

    private readonly ReadOnlySpan<byte> _dialects;

    private Smb1NegotiateRequest(ReadOnlySpan<byte> dialects) => _dialects = dialects;

    /// <summary>"SMB 2.002": the client speaks SMB 2.0.2 and takes it as the answer.</summary>
    public bool OffersSmb202 => Offers("SMB 2.002"u8);

    /// <summary>"SMB 2.???": the client will ask again, with an SMB2 NEGOTIATE.</summary>
    public bool OffersSmb2Wildcard => Offers("SMB 2.???"u8);

    public static bool IsSmb1(ReadOnlySpan<byte> message) =>
        message.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(message) == ProtocolId;

    public static bool TryParse(ReadOnlySpan<byte> message, out Smb1NegotiateRequest request)
    {
        request = default;
        if (!IsSmb1(message) || message.Length < DialectsOffset || message[4] != NegotiateCommand || message[HeaderSize] != 0)
        {
            return false;
        }

        var length = message.UInt16(HeaderSize + 1);
        if (DialectsOffset + length > message.Length)
        {
            return false;
        }

        request = new Smb1NegotiateRequest(message.Slice(DialectsOffset, length));
        return true;
    }

    public bool Offers(ReadOnlySpan<byte> dialect)
    {
        var rest = _dialects;
        while (!rest.IsEmpty && rest[0] == DialectFormat)
        {
            rest = rest[1..];
            var end = rest.IndexOf((byte)0);
            if (end < 0)
            {
                return false;
            }

            if (rest[..end].SequenceEqual(dialect))
            {
                return true;
            }

            rest = rest[(end + 1)..];
        }

        return false;
    }
}
