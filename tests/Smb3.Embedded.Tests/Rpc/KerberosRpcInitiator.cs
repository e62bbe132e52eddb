using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.TestClient.Authentication;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>Kerberos in the form of RPC, alone or in SPNEGO, with the signed list of mechanisms.</summary>
internal sealed class KerberosRpcInitiator(TestKdc kdc, bool spnego = false) : IRpcInitiator
{
    private byte[] _mechTypes = [];
    private IMessageTokens? _tokens;
    private ulong _sent = TestKdc.FirstSequence;
    private ulong _received;

    public RpcAuthType Type => spnego ? RpcAuthType.Negotiate : RpcAuthType.Kerberos;

    public bool IsAnswered => spnego;

    /// <summary>Changes the client's AP-REP before it is sent.</summary>
    public Func<byte[], byte[]> Change { get; init; } = static message => message;

    /// <summary>What the client adds to the number that it repeats.</summary>
    public uint WrongBy { get; init; }

    public byte[] Start()
    {
        kdc.Asks = GssFlags.Mutual | GssFlags.DceStyle;
        if (!spnego)
        {
            return kdc.ApRequest();
        }

        var token = NegTokenInit.Write([GssOid.MsKerberos.ToArray(), GssOid.Kerberos.ToArray(), GssOid.Ntlm.ToArray()], kdc.ApRequest());
        _mechTypes = NegTokenInit.TryParse(token, out var init) ? init.MechTypes.ToArray() : [];
        return token;
    }

    public byte[] Next(byte[] answer)
    {
        var message = answer;
        if (spnego)
        {
            message = NegTokenResp.TryParse(answer, out var response) ? response.ResponseToken.ToArray() : [];
        }

        var (key, sequence) = TestKdc.ReadReply(kdc.SessionKey, message);
        _received = sequence;
        _tokens = key!.Profile.Type == EncryptionType.Rc4
            ? new Rc4MessageTokens(key, isAcceptor: false)
            : new AesMessageTokens(key, isAcceptorKey: true, isAcceptor: false);
        var proof = Change(ApReply.Write(kdc.SessionKey, kdc.ClientTime, 7, null, sequence + WrongBy));
        if (!spnego)
        {
            return proof;
        }

        var mic = new byte[_tokens.MicSize];
        _tokens.WriteMic(_sent++, _mechTypes, mic);
        return NegTokenResp.Write(null, default, proof, mic);
    }

    public bool Finish(byte[] answer) =>
        NegTokenResp.TryParse(answer, out var response)
        && response.State == NegState.AcceptCompleted
        && _tokens!.VerifyMic(_received++, _mechTypes, response.MechListMic);

    public IMessageProtection Protect() => new KerberosMessageProtection(_tokens!, _sent, _received);
}
