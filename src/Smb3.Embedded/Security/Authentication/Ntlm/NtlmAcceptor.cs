using System.Security.Cryptography;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// The server's side of one NTLM exchange (MS-NLMP 3.2.5): NTLMv2 with extended session security, nothing older. It sends nothing
/// itself; SPNEGO, or the raw exchange, carries its messages.
/// </summary>
/// <param name="options">What the server says about itself.</param>
/// <param name="users">Who has which hash.</param>
/// <param name="createToken">Makes the token of whoever has authenticated.</param>
/// <param name="peer">Who tries passwords, and who counts the wrong ones; null: nobody does.</param>
internal sealed class NtlmAcceptor(
    NtlmAuthenticatorOptions options, ISmbUserStore users, Func<SmbIdentity, SecurityToken> createToken, LogonPeer? peer) : IGssContext
{
    /// <summary>More than a NEGOTIATE message ever has; it must be kept for the MIC.</summary>
    private const int LongestNegotiate = 1024;

    private readonly byte[] _sessionKey = GC.AllocateArray<byte>(NtlmV2.KeySize, pinned: true);
    private byte[] _negotiate = [];
    private byte[] _challenge = [];
    private NtlmFlags _flags;
    private bool _hasSigned;
    private State _state;

    private enum State
    {
        AwaitNegotiate,
        AwaitAuthenticate,
        Done,
    }

    /// <summary>After success: ExportedSessionKey.</summary>
    public ReadOnlySpan<byte> SessionKey => _sessionKey;

    public string? Service { get; private set; }

    /// <summary>The users of a domain; <see langword="null"/>: there are none.</summary>
    public NtlmDomain? Domain { get; init; }

    private ReadOnlySpan<byte> ServerChallenge => _challenge.AsSpan(NtlmChallengeMessage.ServerChallengeOffset, NtlmMessage.ChallengeSize);

    public ValueTask<GssStep> AcceptAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        switch (_state)
        {
            case State.AwaitNegotiate:
                var failure = Challenge(token.Span, out var challenge);
                _state = failure == AuthenticationFailure.None ? State.AwaitAuthenticate : State.Done;
                return new(failure == AuthenticationFailure.None ? GssStep.Continue(challenge) : GssStep.Fail(failure));
            case State.AwaitAuthenticate:
                _state = State.Done;
                return AuthenticateAsync(token, cancellationToken);
            default:
                return new(GssStep.Fail(AuthenticationFailure.BadToken));
        }
    }

    /// <summary>mechListMIC of the server.</summary>
    public byte[] GetMic(ReadOnlySpan<byte> message)
    {
        _hasSigned = true;
        var signature = new byte[NtlmSignature.Size];
        NtlmSignature.Compute(_sessionKey, _flags, fromServer: true, message, signature);
        return signature;
    }

    /// <summary>mechListMIC of the client.</summary>
    public bool VerifyMic(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic) =>
        NtlmSignature.Verify(_sessionKey, _flags, fromServer: false, message, mic);

    /// <summary>
    /// After success: the protection of messages. Where mechListMIC was exchanged it was message 0, but the RC4 streams begin anew
    /// (MS-SPNG 3.3.5.1).
    /// </summary>
    public IMessageProtection ProtectMessages() => new NtlmMessageProtection(_sessionKey, _flags, firstSequence: _hasSigned ? 1u : 0u);

    public void Dispose() => CryptographicOperations.ZeroMemory(_sessionKey);

    /// <summary>Takes NEGOTIATE and makes the CHALLENGE.</summary>
    private AuthenticationFailure Challenge(ReadOnlySpan<byte> token, out ReadOnlyMemory<byte> challenge)
    {
        challenge = default;
        if (token.Length > LongestNegotiate || !NtlmNegotiateMessage.TryParse(token, out var negotiate))
        {
            return AuthenticationFailure.BadToken;
        }

        // MS-NLMP 2.2.2.5: there must be a character set.
        if ((negotiate.Flags & (NtlmFlags.Unicode | NtlmFlags.Oem)) == 0)
        {
            return AuthenticationFailure.BadToken;
        }

        if ((negotiate.Flags & NtlmFlags.ExtendedSessionSecurity) == 0)
        {
            return AuthenticationFailure.NoSessionSecurity;
        }

        Span<byte> serverChallenge = stackalloc byte[NtlmMessage.ChallengeSize];
        options.Random.GetBytes(serverChallenge);
        _flags = NtlmChallengeMessage.Answer(negotiate.Flags);
        _negotiate = token.ToArray();
        _challenge = NtlmChallengeMessage.Write(_flags, serverChallenge, options);
        challenge = _challenge;
        return AuthenticationFailure.None;
    }

    /// <summary>Takes AUTHENTICATE and checks it. The identity is there as soon as the client has named itself.</summary>
    private async ValueTask<GssStep> AuthenticateAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        if (!NtlmAuthenticateMessage.TryParse(token, NtlmCharset.Of(_flags), out var message))
        {
            return GssStep.Fail(AuthenticationFailure.BadToken);
        }

        _flags &= message.Flags | NtlmFlags.Unicode | NtlmFlags.Oem | NtlmFlags.ExtendedSessionSecurity;
        if (message.IsAnonymous)
        {
            // No secret, so the key to exchange under is zero (MS-NLMP 3.3.2): clients sign with what they wrapped in it.
            return Outcome(TakeSessionKey(message, new byte[NtlmV2.KeySize]), Identify(message, null));
        }

        if (message.UserName.Length == 0)
        {
            return GssStep.Fail(AuthenticationFailure.BadToken);
        }

        if (message.NtResponse.Length <= NtlmV2.OldResponseSize)
        {
            return GssStep.Fail(AuthenticationFailure.TooWeak, Identify(message, null));
        }

        if (!NtlmV2.IsResponse(message.NtResponse))
        {
            return GssStep.Fail(AuthenticationFailure.BadToken, Identify(message, null));
        }

        Service = NtlmV2.TargetName(message.NtResponse);
        if (peer is null)
        {
            return await JudgeAsync(message, cancellationToken).ConfigureAwait(false);
        }

        using var attempt = await peer.Throttle.EnterAsync(peer.Network, message.UserName, message.DomainName, cancellationToken)
            .ConfigureAwait(false);
        if (attempt.IsRefused)
        {
            return GssStep.Fail(AuthenticationFailure.Throttled, Identify(message, null)) with
            {
                Delay = attempt.Delay, Until = attempt.Until,
            };
        }

        await peer.Throttle.SlowAsync(attempt, cancellationToken).ConfigureAwait(false);
        var outcome = await JudgeAsync(message, cancellationToken).ConfigureAwait(false);
        switch (outcome.Failure)
        {
            case AuthenticationFailure.None:
                attempt.Succeed();
                break;
            case AuthenticationFailure.WrongPassword or AuthenticationFailure.AccountRefused:
            case AuthenticationFailure.UnknownUser when !peer.UnknownIsGuest:
                attempt.Fail();
                break;
        }

        return outcome with { Delay = attempt.Delay };
    }

    private static SmbIdentity Identify(in NtlmAuthenticateMessage message, SmbUser? user) => new()
    {
        UserName = user?.Name ?? message.UserName,
        DomainName = message.DomainName,
        AccountDomain = user?.Domain,
        WorkstationName = message.WorkstationName,
        IsAnonymous = message.IsAnonymous,
        DisplayName = user?.DisplayName,
        Groups = user?.Groups ?? [],
    };

    private async ValueTask<GssStep> JudgeAsync(NtlmAuthenticateMessage message, CancellationToken cancellationToken)
    {
        var user = await users.FindAsync(message.UserName, message.DomainName, cancellationToken).ConfigureAwait(false);
        return user is null && Domain is not null && NtlmDomain.IsNamedBy(message, options.NetBiosComputerName)
            ? await AskDomainAsync(Domain, message, cancellationToken).ConfigureAwait(false)
            : Outcome(Verify(message, user), Identify(message, user));
    }

    private async ValueTask<GssStep> AskDomainAsync(NtlmDomain domain, NtlmAuthenticateMessage message, CancellationToken cancellationToken)
    {
        var claimed = Identify(message, null);
        var challenge = _challenge.AsMemory(NtlmChallengeMessage.ServerChallengeOffset, NtlmMessage.ChallengeSize);
        var (failure, detail, token, baseKey) = await domain.CheckAsync(message, challenge, claimed, cancellationToken).ConfigureAwait(false);
        if (failure == AuthenticationFailure.None)
        {
            failure = TakeKeyOfProof(message, baseKey);
        }

        CryptographicOperations.ZeroMemory(baseKey);
        return failure == AuthenticationFailure.None ? GssStep.Complete(token!) : GssStep.Fail(failure, claimed) with { Detail = detail };
    }

    private GssStep Outcome(AuthenticationFailure failure, SmbIdentity identity) =>
        failure == AuthenticationFailure.None ? GssStep.Complete(createToken(identity)) : GssStep.Fail(failure, identity);

    // For an unknown user everything is computed too, with a hash that nobody has, so that the time taken does not reveal who exists.
    private AuthenticationFailure Verify(in NtlmAuthenticateMessage message, SmbUser? user)
    {
        Span<byte> ntHash = stackalloc byte[SmbUser.NtHashSize];
        Span<byte> responseKey = stackalloc byte[NtlmV2.KeySize];
        Span<byte> proof = stackalloc byte[NtlmV2.ProofSize];
        Span<byte> baseKey = stackalloc byte[NtlmV2.KeySize];
        options.Random.GetBytes(ntHash);

        // A hash that is all zero was removed a moment ago; it must not become a password.
        var known = user is not null && user.NtHash.Length == ntHash.Length;
        if (known)
        {
            user!.NtHash.Span.CopyTo(ntHash);
        }

        known = known && ntHash.ContainsAnyExcept((byte)0);

        var response = message.NtResponse;
        NtlmV2.ResponseKey(ntHash, message.UserName, message.DomainName, responseKey);
        NtlmV2.Proof(responseKey, ServerChallenge, response[NtlmV2.ProofSize..], proof);
        NtlmV2.SessionBaseKey(responseKey, proof, baseKey);
        var matches = CryptographicOperations.FixedTimeEquals(proof, response[..NtlmV2.ProofSize]);
        CryptographicOperations.ZeroMemory(ntHash);
        CryptographicOperations.ZeroMemory(responseKey);

        var failure = !known ? AuthenticationFailure.UnknownUser
            : !matches ? AuthenticationFailure.WrongPassword
            : user!.Disabled ? AuthenticationFailure.AccountDisabled
            : TakeKeyOfProof(message, baseKey);
        CryptographicOperations.ZeroMemory(baseKey);
        return failure;
    }

    /// <summary>The password was right: takes the key, and checks under it that nobody has changed the messages.</summary>
    private AuthenticationFailure TakeKeyOfProof(in NtlmAuthenticateMessage message, ReadOnlySpan<byte> baseKey)
    {
        var failure = TakeSessionKey(message, baseKey);
        if (failure == AuthenticationFailure.None && NtlmV2.HasMic(message.NtResponse) && !MicMatches(message))
        {
            failure = AuthenticationFailure.Tampered;
        }

        if (failure != AuthenticationFailure.None)
        {
            CryptographicOperations.ZeroMemory(_sessionKey);
        }

        return failure;
    }

    // MS-NLMP 3.2.5.1.2: with key exchange the client chose the key and sent it under the one that both can compute.
    private AuthenticationFailure TakeSessionKey(in NtlmAuthenticateMessage message, ReadOnlySpan<byte> keyExchangeKey)
    {
        if ((_flags & NtlmFlags.KeyExchange) == 0)
        {
            keyExchangeKey.CopyTo(_sessionKey);
            return AuthenticationFailure.None;
        }

        var encrypted = message.EncryptedRandomSessionKey;
        if (encrypted.Length != NtlmV2.KeySize)
        {
            return AuthenticationFailure.BadToken;
        }

        Rc4.Transform(keyExchangeKey, encrypted, _sessionKey);
        return AuthenticationFailure.None;
    }

    private bool MicMatches(in NtlmAuthenticateMessage message)
    {
        if (message.Message.Length < NtlmAuthenticateMessage.PayloadOffset)
        {
            return false;
        }

        Span<byte> mic = stackalloc byte[NtlmAuthenticateMessage.MicSize];
        NtlmV2.Mic(_sessionKey, _negotiate, _challenge, message.Message, mic);
        return CryptographicOperations.FixedTimeEquals(
            mic, message.Message.Slice(NtlmAuthenticateMessage.MicOffset, NtlmAuthenticateMessage.MicSize));
    }
}
