using System.Buffers.Binary;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>A client whose calls are protected.</summary>
/// <param name="peer">The connection.</param>
/// <param name="level">What protects them.</param>
/// <param name="initiator">Who it is; null: alice, by NTLM.</param>
/// <param name="signsHeaders">Whether it says that it can sign headers.</param>
internal sealed class RpcSecureClient(RpcPeer peer, RpcAuthLevel level, IRpcInitiator? initiator = null, bool signsHeaders = true) : IDisposable
{
    private const uint ContextId = 79231;

    private readonly IRpcInitiator _initiator = initiator ?? new NtlmRpcInitiator();
    private IMessageProtection? _protection;
    private uint _callId = 1;

    private bool Seals => level == RpcAuthLevel.Privacy;

    private int SignatureSize => _protection!.SignatureSize(Seals);

    /// <summary>Binds and sends the last token; gives the last answer that there was.</summary>
    public async Task<byte[]> BindAsync()
    {
        var bind = PipeClient.BindPdu(RpcPacketType.Bind, 0, 4280, (ScriptedInterface.Uuid, 1, RpcSyntax.Ndr));
        bind[3] |= (byte)(signsHeaders ? RpcPacketFlags.HeaderSigning : RpcPacketFlags.None);
        var ack = await peer.AskAsync(With(bind, _initiator.Start()));
        if (PipeClient.Type(ack) != RpcPacketType.BindAck)
        {
            return ack;
        }

        Assert.Equal(signsHeaders, ((RpcPacketFlags)ack[3]).HasFlag(RpcPacketFlags.HeaderSigning));
        var token = _initiator.Next(TokenOf(ack));
        if (_initiator.IsAnswered)
        {
            var alter = PipeClient.BindPdu(RpcPacketType.AlterContext, 0, 4280, (ScriptedInterface.Uuid, 1, RpcSyntax.Ndr));
            ack = await peer.AskAsync(With(alter, token));
            if (PipeClient.Type(ack) == RpcPacketType.AlterContextResponse)
            {
                Assert.True(_initiator.Finish(TokenOf(ack)));
            }
        }
        else
        {
            Assert.True(await peer.SendAsync(With(PipeClient.Pdu(RpcPacketType.Auth3, 1, new byte[4]), token)));
        }

        _protection = _initiator.Protect();
        return ack;
    }

    /// <summary>A request whose fragment is protected.</summary>
    public byte[] Request(
        ushort opnum, ReadOnlySpan<byte> stub, RpcPacketFlags flags = RpcPacketFlags.OnlyFragment, uint? callId = null)
    {
        var padding = -stub.Length & 15;
        var pdu = With(
            PipeClient.RequestPdu(opnum, [.. stub, .. new byte[padding]], callId: callId ?? ++_callId, flags: flags),
            new byte[SignatureSize], (byte)padding);
        Protect(pdu, 24);
        return pdu;
    }

    public byte[] Cancel(uint callId)
    {
        var pdu = With(PipeClient.Pdu(RpcPacketType.Cancel, callId, []), new byte[SignatureSize]);
        Protect(pdu, 16);
        return pdu;
    }

    /// <summary>Calls, checks and decrypts every fragment of the answer, and gives the stub.</summary>
    public async Task<byte[]> CallAsync(ushort opnum, byte[] stub)
    {
        var joined = new List<byte>();
        for (var answer = await peer.AskAsync(Request(opnum, stub)); ; answer = await peer.NextAsync())
        {
            Assert.Equal(RpcPacketType.Response, PipeClient.Type(answer));
            joined.AddRange(Open(answer));
            if (((RpcPacketFlags)answer[3]).HasFlag(RpcPacketFlags.LastFragment))
            {
                return [.. joined];
            }
        }
    }

    public byte[] Open(byte[] answer)
    {
        var header = RpcHeader.Parse(answer);
        Assert.Equal(SignatureSize, header.AuthLength);
        Assert.InRange(answer.Length, 0, 4280);
        Assert.True(RpcSecurityTrailer.TryRead(answer, header, 24, out var trailer));
        Assert.Equal((_initiator.Type, level, ContextId), (trailer.Type, trailer.Level, trailer.ContextId));
        var end = RpcSecurityTrailer.OffsetIn(header);
        Assert.Equal(0, (end - 24) % 16);
        var covered = Covered(answer.AsSpan(..(end + RpcSecurityTrailer.Length)), 24, out var secret);
        Assert.True(_protection!.Unprotect(covered, secret, answer.AsSpan(end + RpcSecurityTrailer.Length)));
        return answer[24..(end - trailer.PadLength)];
    }

    public void Dispose() => _protection?.Dispose();

    private void Protect(byte[] pdu, int bodyOffset)
    {
        var signature = pdu.AsSpan(^SignatureSize..);
        _protection!.Protect(Covered(pdu.AsSpan(..^signature.Length), bodyOffset, out var secret), secret, signature);
    }

    private Span<byte> Covered(Span<byte> fragment, int bodyOffset, out Range? secret)
    {
        var (start, end) = (bodyOffset, fragment.Length - RpcSecurityTrailer.Length);
        if (!signsHeaders && !_protection!.AlwaysCoversHeaders)
        {
            secret = Seals ? .. : null;
            return fragment[start..end];
        }

        secret = Seals ? start..end : null;
        return fragment;
    }

    private static byte[] TokenOf(byte[] pdu) => pdu[^RpcHeader.Parse(pdu).AuthLength..];

    private byte[] With(byte[] pdu, byte[] token, byte padding = 0)
    {
        var whole = new byte[pdu.Length + RpcSecurityTrailer.Length + token.Length];
        pdu.CopyTo(whole, 0);
        new RpcSecurityTrailer(_initiator.Type, level, padding, ContextId).Write(whole.AsSpan(pdu.Length));
        token.CopyTo(whole, pdu.Length + RpcSecurityTrailer.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(whole.AsSpan(8), (ushort)whole.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(whole.AsSpan(10), (ushort)token.Length);
        return whole;
    }
}
