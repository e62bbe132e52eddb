using System.Buffers.Binary;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>How a presentation context was answered (C706 section 12.6.3.1, p_result_t).</summary>
internal readonly record struct RpcContextResult(ushort Result, ushort Reason, RpcSyntax TransferSyntax)
{
    public static RpcContextResult Accepted => new(0, 0, RpcSyntax.Ndr);

    public static RpcContextResult UnknownInterface => new(2, 1, default);

    public static RpcContextResult UnknownTransferSyntax => new(2, 2, default);

    public static RpcContextResult LimitExceeded => new(2, 3, default);

    /// <summary>negotiate_ack (MS-RPCE section 2.2.2.4): the reason field holds the features that both sides have.</summary>
    public static RpcContextResult Features(RpcBindTimeFeatures features) => new(3, (ushort)features, default);
}

/// <summary>Why a bind was refused as a whole (C706 section 12.6.3.1 and MS-RPCE section 2.2.2.5, p_reject_reason_t).</summary>
internal enum RpcBindRejection : ushort
{
    NotSpecified = 0,
    LocalLimitExceeded = 2,
    ProtocolVersionNotSupported = 4,
    AuthenticationTypeNotRecognized = 8,
}

/// <summary>Writes the PDUs that a server sends (C706 section 12.6.4).</summary>
internal static class RpcPdu
{
    /// <summary>The header of a call: the common one, allocation hint (4 bytes), context id (2), opnum or cancel count (2).</summary>
    public const int CallHeaderLength = RpcHeader.Length + 8;

    /// <summary>bind_ack or alter_context_resp: fragment sizes, group, secondary address, results.</summary>
    public static ReadOnlyMemory<byte> BindAck(
        RpcHeader request,
        ushort maxTransmit,
        ushort maxReceive,
        uint group,
        string secondaryAddress,
        ReadOnlySpan<RpcContextResult> results)
    {
        using var pdu = new NdrWriter();
        var isBind = request.Type == RpcPacketType.Bind;
        Begin(pdu, isBind ? RpcPacketType.BindAck : RpcPacketType.AlterContextResponse, RpcPacketFlags.OnlyFragment, request);
        pdu.WriteUInt16(maxTransmit);
        pdu.WriteUInt16(maxReceive);
        pdu.WriteUInt32(group);

        // The address is for the bind only; its length counts the terminator.
        if (isBind)
        {
            pdu.WriteUInt16((ushort)(secondaryAddress.Length + 1));
            foreach (var c in secondaryAddress)
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
        pdu.WriteByte((byte)results.Length);
        pdu.Align(4);
        foreach (var result in results)
        {
            pdu.WriteUInt16(result.Result);
            pdu.WriteUInt16(result.Reason);
            pdu.WriteGuid(result.TransferSyntax.Uuid);
            pdu.WriteUInt16(result.TransferSyntax.Major);
            pdu.WriteUInt16(result.TransferSyntax.Minor);
        }

        return End(pdu);
    }

    /// <summary>bind_nak, with the versions that are spoken: 5.0.</summary>
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

    /// <summary>One fragment of a response.</summary>
    /// <param name="request">The request it answers.</param>
    /// <param name="contextId">The presentation context of the call.</param>
    /// <param name="stub">The whole stub.</param>
    /// <param name="offset">Where in it this fragment begins.</param>
    /// <param name="count">How much of it this fragment holds.</param>
    public static ReadOnlyMemory<byte> Response(RpcHeader request, ushort contextId, ReadOnlySpan<byte> stub, int offset, int count)
    {
        var pdu = new byte[CallHeaderLength + count];
        var flags = (offset == 0 ? RpcPacketFlags.FirstFragment : RpcPacketFlags.None)
            | (offset + count == stub.Length ? RpcPacketFlags.LastFragment : RpcPacketFlags.None);
        WriteHeader(pdu, RpcPacketType.Response, flags, (ushort)pdu.Length, request);
        BinaryPrimitives.WriteUInt32LittleEndian(pdu.AsSpan(16), (uint)(stub.Length - offset));
        BinaryPrimitives.WriteUInt16LittleEndian(pdu.AsSpan(20), contextId);
        stub.Slice(offset, count).CopyTo(pdu.AsSpan(CallHeaderLength));
        return pdu;
    }

    private static void Begin(NdrWriter pdu, RpcPacketType type, RpcPacketFlags flags, RpcHeader request)
    {
        Span<byte> header = stackalloc byte[RpcHeader.Length];
        WriteHeader(header, type, flags, 0, request);
        pdu.WriteBytes(header);
    }

    private static byte[] End(NdrWriter pdu)
    {
        var bytes = pdu.Written.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)bytes.Length);
        return bytes;
    }

    private static void WriteHeader(Span<byte> header, RpcPacketType type, RpcPacketFlags flags, ushort length, RpcHeader request)
    {
        header[..RpcHeader.Length].Clear();
        header[0] = 5;
        header[1] = request.IsVersion5 ? request.MinorVersion : (byte)0;
        header[2] = (byte)type;
        header[3] = (byte)flags;
        header[4] = 0x10;
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], request.CallId);
    }
}
