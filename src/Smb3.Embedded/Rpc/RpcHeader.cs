using System.Buffers.Binary;

namespace Smb3.Embedded.Rpc;

/// <summary>The types of connection-oriented PDUs (C706 section 12.6.4).</summary>
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

/// <summary>The flags of a PDU (C706 section 12.6.3.1, pfc_flags).</summary>
[Flags]
internal enum RpcPacketFlags : byte
{
    None = 0,
    FirstFragment = 0x01,
    LastFragment = 0x02,
    PendingCancel = 0x04,
    ConcurrentMultiplexing = 0x10,
    DidNotExecute = 0x20,
    Maybe = 0x40,
    ObjectUuid = 0x80,
    OnlyFragment = FirstFragment | LastFragment,
}

/// <summary>
/// The header that all connection-oriented PDUs share (C706 section 12.6.3.1): version 5 and its minor (1 byte each), type, flags,
/// data representation (4 bytes), length of the fragment (2), of the authentication value (2), call id (4).
/// </summary>
/// <param name="MajorVersion">5.</param>
/// <param name="MinorVersion">0 or 1.</param>
/// <param name="Type">The type of PDU.</param>
/// <param name="Flags">Its flags.</param>
/// <param name="IsLittleEndianAscii">Whether the data representation is the one that is spoken here.</param>
/// <param name="FragmentLength">The PDU with its header and trailer; at least <see cref="Length"/>.</param>
/// <param name="AuthLength">The authentication value without its 8-byte trailer header.</param>
/// <param name="CallId">Which call it belongs to.</param>
internal readonly record struct RpcHeader(
    byte MajorVersion,
    byte MinorVersion,
    RpcPacketType Type,
    RpcPacketFlags Flags,
    bool IsLittleEndianAscii,
    ushort FragmentLength,
    ushort AuthLength,
    uint CallId)
{
    /// <summary>The header's length in bytes.</summary>
    public const int Length = 16;

    /// <summary>Whether all of it is the first or only, and the last fragment.</summary>
    public bool IsOnlyFragment => (Flags & RpcPacketFlags.OnlyFragment) == RpcPacketFlags.OnlyFragment;

    /// <summary>Whether the version is 5.0 or 5.1.</summary>
    public bool IsVersion5 => MajorVersion == 5 && MinorVersion <= 1;

    /// <summary>Reads a header; false when there is not a whole one or its length cannot be true.</summary>
    public static bool TryParse(ReadOnlySpan<byte> source, out RpcHeader header)
    {
        header = default;
        if (source.Length < Length)
        {
            return false;
        }

        // C706 section 14.2.5: the first byte of the label is integer order (high) and character set (low), the second is float.
        var isLittleEndian = source[4] >> 4 == 1;
        var fragmentLength = BinaryPrimitives.ReadUInt16LittleEndian(source[8..]);
        var authLength = BinaryPrimitives.ReadUInt16LittleEndian(source[10..]);
        var callId = BinaryPrimitives.ReadUInt32LittleEndian(source[12..]);
        if (!isLittleEndian)
        {
            fragmentLength = BinaryPrimitives.ReverseEndianness(fragmentLength);
            authLength = BinaryPrimitives.ReverseEndianness(authLength);
            callId = BinaryPrimitives.ReverseEndianness(callId);
        }

        header = new RpcHeader(
            source[0], source[1], (RpcPacketType)source[2], (RpcPacketFlags)source[3], source[4] == 0x10 && source[5] == 0,
            fragmentLength, authLength, callId);
        return fragmentLength >= Length;
    }
}
