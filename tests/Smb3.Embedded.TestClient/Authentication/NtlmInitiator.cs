using System.Security.Cryptography;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient.Authentication;

/// <summary>
/// The client's side of NTLMv2 in SPNEGO: <see cref="Start"/>, then <see cref="Next"/> for every token of the server, until the
/// server's status is success; then <see cref="Finish"/> for its last token.
/// </summary>
internal sealed class NtlmInitiator(NtlmInitiatorOptions options)
{
    private byte[] _negotiate = [];
    private byte[] _mechTypes = [];
    private NtlmFlags _flags;
    private bool _authenticated;

    /// <summary>Known once AUTHENTICATE was made: 16 bytes.</summary>
    public byte[] SessionKey { get; private set; } = [];

    /// <summary>The messages as they went over the wire, for tests.</summary>
    public byte[] LastChallenge { get; private set; } = [];

    public byte[] LastAuthenticate { get; private set; } = [];

    /// <summary>The first token of SESSION_SETUP.</summary>
    public byte[] Start()
    {
        _negotiate = WriteNegotiate();
        if (options.Raw)
        {
            return _negotiate;
        }

        byte[][] mechanisms = [.. options.PreferredMechanisms, GssOid.Ntlm.ToArray()];
        byte[] optimistic = mechanisms.Length == 1 ? _negotiate : [0x60, 0x03, 0x01, 0x02, 0x03];
        var token = NegTokenInit.Write(mechanisms, optimistic);
        if (!NegTokenInit.TryParse(token, out var init))
        {
            throw new InvalidOperationException("The own token is not well-formed.");
        }

        _mechTypes = init.MechTypes.ToArray();
        return token;
    }

    /// <summary>The answer to a token that came with STATUS_MORE_PROCESSING_REQUIRED.</summary>
    public byte[] Next(ReadOnlySpan<byte> serverToken)
    {
        if (options.Raw)
        {
            return Authenticate(serverToken);
        }

        if (!NegTokenResp.TryParse(serverToken, out var response))
        {
            throw new InvalidDataException("Not a NegTokenResp.");
        }

        if (!response.SupportedMech.IsEmpty && !response.SupportedMech.SequenceEqual(GssOid.Ntlm))
        {
            throw new InvalidDataException("The server chose a mechanism that is not NTLM.");
        }

        if (response.ResponseToken.IsEmpty)
        {
            return NegTokenResp.Write(null, default, _negotiate, default);
        }

        var authenticate = Authenticate(response.ResponseToken);
        return NegTokenResp.Write(null, default, authenticate, options.SendMechListMic ? Sign(fromServer: false) : default);
    }

    /// <summary>Whether the token that came with success is what it must be, the server's MIC included.</summary>
    public bool Finish(ReadOnlySpan<byte> serverToken)
    {
        if (!_authenticated)
        {
            return false;
        }

        if (options.Raw)
        {
            return serverToken.IsEmpty;
        }

        return NegTokenResp.TryParse(serverToken, out var response)
            && response.State == NegState.AcceptCompleted
            && (options.SendMechListMic
                ? response.MechListMic.SequenceEqual(Sign(fromServer: true))
                : response.MechListMic.IsEmpty);
    }

    private byte[] Sign(bool fromServer)
    {
        var mic = new byte[NtlmSignature.Size];
        NtlmSignature.Compute(SessionKey, _flags, fromServer, _mechTypes, mic);
        return mic;
    }

    private byte[] WriteNegotiate()
    {
        var message = new byte[40];
        NtlmMessage.Signature.CopyTo(message);
        message.AsSpan().Put(NtlmMessage.TypeOffset, NtlmMessage.Negotiate);
        message.AsSpan().Put(12, (uint)options.Flags);
        NtlmMessage.Version.CopyTo(message.AsSpan(32));
        return message;
    }

    private byte[] Authenticate(ReadOnlySpan<byte> challenge)
    {
        if (challenge.Length < NtlmChallengeMessage.PayloadOffset
            || !NtlmMessage.Is(challenge, NtlmMessage.Challenge)
            || !NtlmMessage.TryGetField(challenge, NtlmChallengeMessage.TargetInfoOffset, out var targetInfoRange))
        {
            throw new InvalidDataException("Not a CHALLENGE message.");
        }

        LastChallenge = challenge.ToArray();
        _flags = (NtlmFlags)challenge.UInt32(NtlmChallengeMessage.FlagsOffset) & options.Flags;
        var serverChallenge = challenge.Slice(NtlmChallengeMessage.ServerChallengeOffset, NtlmMessage.ChallengeSize);
        var isAnonymous = options.UserName.Length == 0;

        var baseKey = new byte[NtlmV2.KeySize];
        byte[] ntResponse = [];
        byte[] lmResponse = isAnonymous ? [0] : new byte[24];
        if (!isAnonymous)
        {
            ntResponse = options.UseNtlmV1 ? new byte[24] : Respond(serverChallenge, challenge[targetInfoRange], baseKey);
        }

        byte[] encryptedKey = [];
        SessionKey = baseKey;
        if ((_flags & NtlmFlags.KeyExchange) != 0)
        {
            SessionKey = RandomNumberGenerator.GetBytes(NtlmV2.KeySize);
            encryptedKey = new byte[NtlmV2.KeySize];
            Rc4.Transform(baseKey, SessionKey, encryptedKey);
        }

        LastAuthenticate = WriteAuthenticate(lmResponse, ntResponse, encryptedKey, isAnonymous);
        if (options.SendMic && !isAnonymous && !options.UseNtlmV1)
        {
            var mic = LastAuthenticate.AsSpan(NtlmAuthenticateMessage.MicOffset, NtlmAuthenticateMessage.MicSize);
            NtlmV2.Mic(SessionKey, _negotiate, LastChallenge, LastAuthenticate, mic);
        }

        options.Tamper?.Invoke(LastAuthenticate);
        _authenticated = true;
        return LastAuthenticate;
    }

    private byte[] WriteAuthenticate(byte[] lmResponse, byte[] ntResponse, byte[] encryptedKey, bool isAnonymous)
    {
        var charset = NtlmCharset.Of(_flags);
        var domain = charset.GetBytes(options.DomainName);
        var user = charset.GetBytes(options.UserName);
        var workstation = charset.GetBytes(options.WorkstationName);
        var message = new byte[NtlmAuthenticateMessage.PayloadOffset + lmResponse.Length + ntResponse.Length + domain.Length + user.Length
            + workstation.Length + encryptedKey.Length];
        var span = message.AsSpan();
        NtlmMessage.Signature.CopyTo(span);
        span.Put(NtlmMessage.TypeOffset, NtlmMessage.Authenticate);
        var next = NtlmAuthenticateMessage.PayloadOffset;
        next = NtlmMessage.PutField(span, NtlmAuthenticateMessage.DomainOffset, next, domain);
        next = NtlmMessage.PutField(span, NtlmAuthenticateMessage.UserOffset, next, user);
        next = NtlmMessage.PutField(span, NtlmAuthenticateMessage.WorkstationOffset, next, workstation);
        next = NtlmMessage.PutField(span, NtlmAuthenticateMessage.LmResponseOffset, next, lmResponse);
        next = NtlmMessage.PutField(span, NtlmAuthenticateMessage.NtResponseOffset, next, ntResponse);
        NtlmMessage.PutField(span, NtlmAuthenticateMessage.SessionKeyOffset, next, encryptedKey);
        span.Put(NtlmAuthenticateMessage.FlagsOffset, (uint)(isAnonymous ? _flags | NtlmFlags.Anonymous : _flags));
        NtlmMessage.Version.CopyTo(span[NtlmAuthenticateMessage.VersionOffset..]);
        return message;
    }

    // MS-NLMP 3.3.2: the server's attributes come back, with the flag that announces the MIC.
    private byte[] Respond(ReadOnlySpan<byte> serverChallenge, ReadOnlySpan<byte> targetInfo, Span<byte> baseKey)
    {
        var response = new byte[NtlmV2.AttributesOffset + targetInfo.Length + NtlmAvPairs.HeaderSize + sizeof(uint) + sizeof(uint)];
        var span = response.AsSpan();
        span[NtlmV2.ProofSize] = 1;
        span[NtlmV2.ProofSize + 1] = 1;
        if (NtlmAvPairs.TryFind(targetInfo, NtlmAvId.Timestamp, out var time))
        {
            time.CopyTo(span[(NtlmV2.ProofSize + 8)..]);
        }

        RandomNumberGenerator.Fill(span.Slice(NtlmV2.ProofSize + 16, NtlmMessage.ChallengeSize));

        var at = NtlmV2.AttributesOffset;
        for (var pairs = new NtlmAvPairs(targetInfo); pairs.TryMoveNext();)
        {
            at = NtlmAvPairs.Put(span, at, pairs.Id, pairs.Value);
        }

        NtlmAvPairs.Put(span, at, NtlmAvId.Flags, options.SendMic ? [2, 0, 0, 0] : [0, 0, 0, 0]);

        Span<byte> ntHash = stackalloc byte[SmbUser.NtHashSize];
        Span<byte> responseKey = stackalloc byte[NtlmV2.KeySize];
        SmbUser.ComputeNtHash(options.Password, ntHash);
        NtlmV2.ResponseKey(ntHash, options.UserName, options.DomainName, responseKey);
        NtlmV2.Proof(responseKey, serverChallenge, span[NtlmV2.ProofSize..], span);
        NtlmV2.SessionBaseKey(responseKey, span[..NtlmV2.ProofSize], baseKey);
        return response;
    }
}
