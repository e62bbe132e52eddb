using System.Buffers.Binary;

namespace Smb3.Embedded.Rpc;

/// <summary>The types of connection-oriented PDUs (C706 12.6.4).</summary>
internal enum RpcPacketType : byte
{
    Request = 0,
    Response = 2,
    Fault = 3,
    Bind = 11,
    BindAck = 12,
    BindNak = 13,
    AlterContext = 14,
    AlterContextResponse = 15,
    Auth3 = 16,
    Shutdown = 17,
    Cancel = 18,
    Orphaned = 19,
}

/// <summary>The flags of a PDU (C706 12.6.3.1, pfc_flags).</summary>
[Flags]
internal enum RpcPacketFlags : byte
{
    None = 0,
    FirstFragment = 0x01,
    LastFragment = 0x02,
    PendingCancel = 0x04,

    /// <summary>In bind, alter_context and their answers (MS-RPCE 2.2.2.3): signatures cover the headers.</summary>
    HeaderSigning = 0x04,
    ConcurrentMultiplexing = 0x10,
    DidNotExecute = 0x20,
    Maybe = 0x40,
    ObjectUuid = 0x80,
    OnlyFragment = FirstFragment | LastFragment,
}

/// <summary>
/// The header that all connection-oriented PDUs share (C706 12.6.3.1): version 5 and its minor (1 byte each), type, flags,
/// data representation (4 bytes), length of the fragment (2), of the authentication value (2), call id (4).
/// </summary>
/// <param name="MajorVersion">5.</param>
/// <param name="MinorVersion">0 or 1.</param>
/// <param name="Type">The type of PDU.</param>
/// <param name="Flags">Its flags.</param>
/// <param name="Representation">
/// The first byte of the data representation label (C706 14.2.5): integers in the high half, characters in the low.
/// </param>
/// <param name="FragmentLength">The PDU with its header and trailer; what the client says.</param>
/// <param name="AuthLength">The authentication value without its 8-byte trailer header.</param>
/// <param name="CallId">Which call it belongs to.</param>
internal readonly record struct RpcHeader(
    byte MajorVersion,
    byte MinorVersion,
    RpcPacketType Type,
    RpcPacketFlags Flags,
    byte Representation,
    ushort FragmentLength,
    ushort AuthLength,
    uint CallId)
{
    /// <summary>The header's length in bytes.</summary>
    public const int Length = 16;

    /// <summary>Whether all of it is the first or only, and the last fragment.</summary>
    public bool IsOnlyFragment => (Flags & RpcPacketFlags.OnlyFragment) == RpcPacketFlags.OnlyFragment;

    /// <summary>Whether integers come with their highest byte first.</summary>
    public bool IsBigEndian => Representation >> 4 == 0;

    /// <summary>
    /// Whether integers are little- or big-endian and characters ASCII. Floating-point formats do not matter: no interface has such numbers.
    /// </summary>
    public bool IsKnownRepresentation => Representation is 0x00 or 0x10;

    /// <summary>Whether the version is 5.0 or 5.1.</summary>
    public bool IsVersion5 => MajorVersion == 5 && MinorVersion <= 1;

    /// <summary>Reads a header, whose lengths may still be any.</summary>
    public static RpcHeader Parse(ReadOnlySpan<byte> source)
    {
        var isBigEndian = source[4] >> 4 == 0;
        var fragmentLength = BinaryPrimitives.ReadUInt16LittleEndian(source[8..]);
        var authLength = BinaryPrimitives.ReadUInt16LittleEndian(source[10..]);
        var callId = BinaryPrimitives.ReadUInt32LittleEndian(source[12..]);
        if (isBigEndian)
        {
            fragmentLength = BinaryPrimitives.ReverseEndianness(fragmentLength);
            authLength = BinaryPrimitives.ReverseEndianness(authLength);
            callId = BinaryPrimitives.ReverseEndianness(callId);
        }

        return new RpcHeader(
            source[0], source[1], (RpcPacketType)source[2], (RpcPacketFlags)source[3], source[4], fragmentLength, authLength, callId);
    }
}
