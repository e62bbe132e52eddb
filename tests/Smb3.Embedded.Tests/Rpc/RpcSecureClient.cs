using System.Buffers.Binary;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.Tests.Pipes;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>The client's side of a security context by NTLM, alone or in SPNEGO.</summary>
internal sealed class RpcSecureClient(RpcPeer peer, RpcAuthLevel level, bool spnego = false, string user = "alice", string password = "pw")
    : IDisposable
{
    private const uint ContextId = 79231;

    private readonly NtlmInitiator _ntlm = new(new NtlmInitiatorOptions { UserName = user, Password = password, Raw = !spnego });
    private NtlmMessageDirection? _outgoing;
    private NtlmMessageDirection? _incoming;
    private uint _callId = 1;

    private RpcAuthType AuthType => spnego ? RpcAuthType.Negotiate : RpcAuthType.Ntlm;

    /// <summary>Binds and sends the last token; gives the last answer that there was.</summary>
    public async Task<byte[]> BindAsync()
    {
        var bind = PipeClient.BindPdu(RpcPacketType.Bind, 0, 4280, (ScriptedInterface.Uuid, 1, RpcSyntax.Ndr));
        bind[3] |= (byte)RpcPacketFlags.HeaderSigning;
        var ack = await peer.AskAsync(With(bind, _ntlm.Start()));
        if (PipeClient.Type(ack) != RpcPacketType.BindAck)
        {
            return ack;
        }

        Assert.True(((RpcPacketFlags)ack[3]).HasFlag(RpcPacketFlags.HeaderSigning));
        var token = _ntlm.Next(TokenOf(ack));
        if (spnego)
        {
            var alter = PipeClient.BindPdu(RpcPacketType.AlterContext, 0, 4280, (ScriptedInterface.Uuid, 1, RpcSyntax.Ndr));
            ack = await peer.AskAsync(With(alter, token));
            if (PipeClient.Type(ack) == RpcPacketType.AlterContextResponse)
            {
                Assert.True(_ntlm.Finish(TokenOf(ack)));
            }
        }
        else
        {
            Assert.True(await peer.SendAsync(With(PipeClient.Pdu(RpcPacketType.Auth3, 1, new byte[4]), token)));
        }

        var flags = (NtlmFlags)_ntlm.LastAuthenticate.AsSpan().UInt32(NtlmAuthenticateMessage.FlagsOffset);
        _outgoing = new NtlmMessageDirection(_ntlm.SessionKey, flags, fromServer: false, spnego ? 1u : 0u);
        _incoming = new NtlmMessageDirection(_ntlm.SessionKey, flags, fromServer: true, spnego ? 1u : 0u);
        return ack;
    }

    /// <summary>A request whose fragment is protected.</summary>
    public byte[] Request(
        ushort opnum, ReadOnlySpan<byte> stub, RpcPacketFlags flags = RpcPacketFlags.OnlyFragment, uint? callId = null)
    {
        var padding = -stub.Length & 15;
        var pdu = With(
            PipeClient.RequestPdu(opnum, [.. stub, .. new byte[padding]], callId: callId ?? ++_callId, flags: flags),
            new byte[NtlmSignature.Size], (byte)padding);
        Protect(pdu, 24);
        return pdu;
    }

    public byte[] Cancel(uint callId)
    {
        var pdu = With(PipeClient.Pdu(RpcPacketType.Cancel, callId, []), new byte[NtlmSignature.Size]);
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
        Assert.Equal(NtlmSignature.Size, header.AuthLength);
        Assert.InRange(answer.Length, 0, 4280);
        Assert.True(RpcSecurityTrailer.TryRead(answer, header, 24, out var trailer));
        Assert.Equal((AuthType, level, ContextId), (trailer.Type, trailer.Level, trailer.ContextId));
        var end = RpcSecurityTrailer.OffsetIn(header);
        Assert.Equal(0, (end - 24) % 16);
        var secret = level == RpcAuthLevel.Privacy ? answer.AsSpan(24..end) : [];
        Assert.True(_incoming!.Unprotect(answer.AsSpan(..(end + 8)), secret, answer.AsSpan(end + 8)));
        return answer[24..(end - trailer.PadLength)];
    }

    public void Dispose()
    {
        _outgoing?.Dispose();
        _incoming?.Dispose();
    }

    private void Protect(byte[] pdu, int bodyOffset)
    {
        var message = pdu.AsSpan(..^NtlmSignature.Size);
        var secret = level == RpcAuthLevel.Privacy ? message[bodyOffset..^RpcSecurityTrailer.Length] : [];
        _outgoing!.Protect(message, secret, pdu.AsSpan(message.Length));
    }

    private static byte[] TokenOf(byte[] pdu) => pdu[^RpcHeader.Parse(pdu).AuthLength..];

    private byte[] With(byte[] pdu, byte[] token, byte padding = 0)
    {
        var whole = new byte[pdu.Length + RpcSecurityTrailer.Length + token.Length];
        pdu.CopyTo(whole, 0);
        new RpcSecurityTrailer(AuthType, level, padding, ContextId).Write(whole.AsSpan(pdu.Length));
        token.CopyTo(whole, pdu.Length + RpcSecurityTrailer.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(whole.AsSpan(8), (ushort)whole.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(whole.AsSpan(10), (ushort)token.Length);
        return whole;
    }
}
