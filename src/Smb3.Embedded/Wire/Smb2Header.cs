using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire;

/// <summary>
/// The header that begins every SMB2 message (MS-SMB2 2.2.1.1 and 2.2.1.2).
/// <code>
///  0 ProtocolId FE 'SMB'   4 StructureSize 64      6 CreditCharge
///  8 Status (request: ChannelSequence, Reserved)  12 Command         14 Credits
/// 16 Flags                20 NextCommand          24 MessageId
/// 32 AsyncId, or ProcessId (32) and TreeId (36)   40 SessionId       48 Signature (16)
/// </code>
/// </summary>
internal readonly ref struct Smb2Header
{
    public const int Size = 64;
    public const int NextCommandOffset = 20;
    public const int SignatureOffset = 48;
    public const int SignatureSize = 16;

    /// <summary>FE 'S' 'M' 'B', read as a little-endian number.</summary>
    public const uint ProtocolId = 0x424D53FE;

    /// <summary>The MessageId of a message that no request asked for: a break notification (MS-SMB2 3.3.4.6).</summary>
    public const ulong UnsolicitedMessageId = ulong.MaxValue;

    private readonly ReadOnlySpan<byte> _header;

    private Smb2Header(ReadOnlySpan<byte> header) => _header = header;

    public ushort CreditCharge => _header.UInt16(6);

    /// <summary>Request, SMB 3.x: counts the channel changes of the client (MS-SMB2 3.3.5.2.10).</summary>
    public ushort ChannelSequence => _header.UInt16(8);

    /// <summary>Response: the outcome.</summary>
    public NtStatus Status => (NtStatus)_header.UInt32(8);

    public Smb2Command Command => (Smb2Command)_header.UInt16(12);

    /// <summary>Asked for in a request, granted in a response.</summary>
    public ushort Credits => _header.UInt16(14);

    public Smb2HeaderFlags Flags => (Smb2HeaderFlags)_header.UInt32(16);

    /// <summary>Offset of the next header of the compound, from the start of this one; 0 in the last.</summary>
    public uint NextCommand => _header.UInt32(NextCommandOffset);

    public ulong MessageId => _header.UInt64(24);

    /// <summary>Only meaningful with <see cref="Smb2HeaderFlags.Async"/>.</summary>
    public ulong AsyncId => _header.UInt64(32);

    /// <summary>Only meaningful without <see cref="Smb2HeaderFlags.Async"/>.</summary>
    public uint ProcessId => _header.UInt32(32);

    /// <summary>Only meaningful without <see cref="Smb2HeaderFlags.Async"/>.</summary>
    public uint TreeId => _header.UInt32(36);

    public ulong SessionId => _header.UInt64(40);

    public ReadOnlySpan<byte> Signature => _header.Slice(SignatureOffset, SignatureSize);

    public bool IsAsync => (Flags & Smb2HeaderFlags.Async) != 0;

    public bool IsSigned => (Flags & Smb2HeaderFlags.Signed) != 0;

    public bool IsRelated => (Flags & Smb2HeaderFlags.Related) != 0;

    public bool IsReplay => (Flags & Smb2HeaderFlags.Replay) != 0;

    public static bool TryParse(ReadOnlySpan<byte> message, out Smb2Header header)
    {
        if (message.Length < Size || message.UInt32(0) != ProtocolId || message.UInt16(4) != Size)
        {
            header = default;
            return false;
        }

        header = new Smb2Header(message[..Size]);
        return true;
    }

    /// <summary>Writes the whole header of a response that is not asynchronous; the signature stays zero.</summary>
    public static void WriteSync(
        Span<byte> header,
        Smb2Command command,
        NtStatus status,
        Smb2HeaderFlags flags,
        ushort creditCharge,
        ushort credits,
        ulong messageId,
        uint processId,
        uint treeId,
        ulong sessionId)
    {
        WriteCommon(header, command, status, flags & ~Smb2HeaderFlags.Async, creditCharge, credits, messageId, sessionId);
        header.Put(32, processId);
        header.Put(36, treeId);
    }

    /// <summary>Writes the whole header of an interim or final asynchronous response; the signature stays zero.</summary>
    public static void WriteAsync(
        Span<byte> header,
        Smb2Command command,
        NtStatus status,
        Smb2HeaderFlags flags,
        ushort creditCharge,
        ushort credits,
        ulong messageId,
        ulong asyncId,
        ulong sessionId)
    {
        WriteCommon(header, command, status, flags | Smb2HeaderFlags.Async, creditCharge, credits, messageId, sessionId);
        header.Put(32, asyncId);
    }

    public static void SetFlags(Span<byte> header, Smb2HeaderFlags flags) => header.Put(16, (uint)flags);

    public static void SetNextCommand(Span<byte> header, uint offset) => header.Put(NextCommandOffset, offset);

    /// <summary>The sixteen bytes of the signature, to be cleared, computed and filled in place.</summary>
    public static Span<byte> SignatureOf(Span<byte> header) => header.Slice(SignatureOffset, SignatureSize);

    private static void WriteCommon(
        Span<byte> header,
        Smb2Command command,
        NtStatus status,
        Smb2HeaderFlags flags,
        ushort creditCharge,
        ushort credits,
        ulong messageId,
        ulong sessionId)
    {
        header[..Size].Clear();
        header.Put(0, ProtocolId);
        header.Put(4, (ushort)Size);
        header.Put(6, creditCharge);
        header.Put(8, (uint)status);
        header.Put(12, (ushort)command);
        header.Put(14, credits);
        header.Put(16, (uint)(flags | Smb2HeaderFlags.ServerToRedirector));
        header.Put(24, messageId);
        header.Put(40, sessionId);
    }
}
