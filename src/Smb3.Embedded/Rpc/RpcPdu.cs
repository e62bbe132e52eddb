using System.Buffers.Binary;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>How a presentation context was answered (C706 12.6.3.1, p_result_t).</summary>
internal readonly record struct RpcContextResult(ushort Result, ushort Reason, RpcSyntax TransferSyntax)
{
    public static RpcContextResult Accepted => new(0, 0, RpcSyntax.Ndr);

    public static RpcContextResult UnknownInterface => new(2, 1, default);

    public static RpcContextResult UnknownTransferSyntax => new(2, 2, default);

    public static RpcContextResult LimitExceeded => new(2, 3, default);

    /// <summary>negotiate_ack (MS-RPCE 2.2.2.4): the reason field holds the features that both sides support.</summary>
    public static RpcContextResult Features(RpcBindTimeFeatures features) => new(3, (ushort)features, default);
}

/// <summary>Why a bind was refused as a whole (C706 12.6.3.1 and MS-RPCE 2.2.2.5, p_reject_reason_t).</summary>
internal enum RpcBindRejection : ushort
{
    NotSpecified = 0,
    LocalLimitExceeded = 2,
    ProtocolVersionNotSupported = 4,
    AuthenticationTypeNotRecognized = 8,
    InvalidChecksum = 9,
}

/// <summary>Writes the PDUs that a server sends (C706 12.6.4).</summary>
internal static class RpcPdu
{
    /// <summary>The header of a call: the common one, allocation hint (4 bytes), context id (2), opnum or cancel count (2).</summary>
    public const int CallHeaderLength = RpcHeader.Length + 8;

    /// <summary>
    /// bind_ack or alter_context_resp: fragment sizes, group, secondary address, results, and a token where there is one.
    /// </summary>
    public static ReadOnlyMemory<byte> BindAck(RpcHeader request, in RpcAcknowledgement what)
    {
        using var pdu = new NdrWriter();
        var isBind = request.Type == RpcPacketType.Bind;
        Begin(pdu, isBind ? RpcPacketType.BindAck : RpcPacketType.AlterContextResponse, RpcPacketFlags.OnlyFragment | what.Flags, request);
        pdu.WriteUInt16(what.MaxFragment);
        pdu.WriteUInt16(what.MaxFragment);
        pdu.WriteUInt32(what.Group);

        // The address is for the bind only; its length counts the terminator.
        if (isBind)
        {
            pdu.WriteUInt16((ushort)(what.SecondaryAddress.Length + 1));
            foreach (var c in what.SecondaryAddress)
            {
                pdu.WriteByte((byte)c);
            }

            pdu.WriteByte(0);
        }
        else
        {
            pdu.WriteUInt16(0);
        }

        pdu.Align(4);
        pdu.WriteByte((byte)what.Results.Length);
        pdu.Align(4);
        foreach (var result in what.Results.Span)
        {
            pdu.WriteUInt16(result.Result);
            pdu.WriteUInt16(result.Reason);
            pdu.WriteGuid(result.TransferSyntax.Uuid);
            pdu.WriteUInt16(result.TransferSyntax.Major);
            pdu.WriteUInt16(result.TransferSyntax.Minor);
        }

        if (!what.Token.IsEmpty)
        {
            Span<byte> trailer = stackalloc byte[RpcSecurityTrailer.Length];
            what.Trailer.Write(trailer);
            pdu.WriteBytes(trailer);
            pdu.WriteBytes(what.Token.Span);
        }

        return End(pdu, what.Token.Length);
    }

    /// <summary>bind_nak, with the supported version: 5.0.</summary>
    public static ReadOnlyMemory<byte> BindNak(RpcHeader request, RpcBindRejection reason)
    {
        using var pdu = new NdrWriter();
        Begin(pdu, RpcPacketType.BindNak, RpcPacketFlags.OnlyFragment, request);
        pdu.WriteUInt16((ushort)reason);
        pdu.WriteByte(1);
        pdu.WriteByte(5);
        pdu.WriteByte(0);
        pdu.Align(4);
        return End(pdu);
    }

    /// <summary>A fault. <paramref name="executed"/> says whether the operation may have begun.</summary>
    public static ReadOnlyMemory<byte> Fault(RpcHeader request, ushort contextId, RpcStatus status, bool executed)
    {
        using var pdu = new NdrWriter();
        var flags = RpcPacketFlags.OnlyFragment | (executed ? RpcPacketFlags.None : RpcPacketFlags.DidNotExecute);
        Begin(pdu, RpcPacketType.Fault, flags, request);
        pdu.WriteUInt32(0);
        pdu.WriteUInt16(contextId);
        pdu.WriteUInt16(0);
        pdu.WriteUInt32((uint)status);
        pdu.WriteUInt32(0);
        return End(pdu);
    }

    /// <summary>One fragment of a response, not yet protected: zeros take the place of the signature.</summary>
    /// <param name="call">The call that it answers.</param>
    /// <param name="stub">The whole stub.</param>
    /// <param name="offset">Where in it this fragment begins.</param>
    /// <param name="count">How much of it this fragment holds.</param>
    /// <param name="security">What protects it.</param>
    public static byte[] Response(RpcServerCall call, ReadOnlySpan<byte> stub, int offset, int count, RpcConnectionSecurity security)
    {
        var padding = security.IsProtecting ? -count & (RpcSecurityTrailer.Alignment - 1) : 0;
        var pdu = new byte[CallHeaderLength + count + padding + security.Overhead];
        var flags = (offset == 0 ? RpcPacketFlags.FirstFragment : RpcPacketFlags.None)
            | (offset + count == stub.Length ? RpcPacketFlags.LastFragment : RpcPacketFlags.None);
        WriteHeader(pdu, RpcPacketType.Response, flags, call.Header);
        var authLength = security.IsProtecting ? security.Overhead - RpcSecurityTrailer.Length : 0;
        WriteLengths(pdu, authLength);
        BinaryPrimitives.WriteUInt32LittleEndian(pdu.AsSpan(16), (uint)(stub.Length - offset));
        BinaryPrimitives.WriteUInt16LittleEndian(pdu.AsSpan(20), call.ContextId);
        stub.Slice(offset, count).CopyTo(pdu.AsSpan(CallHeaderLength));
        if (security.IsProtecting)
        {
            (security.Trailer with { PadLength = (byte)padding }).Write(pdu.AsSpan(CallHeaderLength + count + padding));
        }

        return pdu;
    }

    private static void Begin(NdrWriter pdu, RpcPacketType type, RpcPacketFlags flags, RpcHeader request)
    {
        Span<byte> header = stackalloc byte[RpcHeader.Length];
        WriteHeader(header, type, flags, request);
        pdu.WriteBytes(header);
    }

    private static byte[] End(NdrWriter pdu, int authLength = 0)
    {
        var bytes = pdu.Written.ToArray();
        WriteLengths(bytes, authLength);
        return bytes;
    }

    private static void WriteLengths(Span<byte> pdu, int authLength)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(pdu[8..], (ushort)pdu.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(pdu[10..], (ushort)authLength);
    }

    private static void WriteHeader(Span<byte> header, RpcPacketType type, RpcPacketFlags flags, RpcHeader request)
    {
        header[..RpcHeader.Length].Clear();
        header[0] = 5;
        header[1] = request.IsVersion5 ? request.MinorVersion : (byte)0;
        header[2] = (byte)type;
        header[3] = (byte)flags;
        header[4] = 0x10;
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], request.CallId);
    }
}
