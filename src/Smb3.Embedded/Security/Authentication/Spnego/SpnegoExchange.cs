using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication.Ntlm;

namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>
/// The acceptor's side of one negotiation:
/// <code>
/// Start ── NegTokenInit, NTLM first ──► challenge ──► AwaitAuthenticate ── NegTokenResp ──► Done
///   │ └─── NegTokenInit, NTLM later ──► request-mic ► AwaitNegotiate ── NegTokenResp ──► challenge …
///   └───── "NTLMSSP" ─────────────────► challenge ──► AwaitAuthenticate (raw)
/// </code>
/// </summary>
internal sealed class SpnegoExchange(NtlmAcceptor ntlm) : IAuthenticationExchange
{
    /// <summary>Far more than the mechanisms that exist; the list must be kept for its MIC.</summary>
    private const int LongestMechTypes = 512;

    private State _state;
    private bool _isRaw;
    private byte[] _mechTypes = [];
    private SmbIdentity? _unknown;

    private enum State
    {
        Start,
        AwaitNegotiate,
        AwaitAuthenticate,
        Done,
    }

    public async ValueTask<AuthenticationStep> StepAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        switch (_state)
        {
            case State.Start:
                return Start(token.Span);
            case State.AwaitNegotiate:
                return TryUnwrap(token, out var negotiate, out _) ? Challenge(negotiate.Span) : Fail(AuthenticationFailure.BadToken);
            case State.AwaitAuthenticate:
                if (!TryUnwrap(token, out var authenticate, out var mechListMic))
                {
                    return Fail(AuthenticationFailure.BadToken);
                }

                _state = State.Done;
                var outcome = await ntlm.AuthenticateAsync(authenticate, cancellationToken).ConfigureAwait(false);
                return outcome.Failure == AuthenticationFailure.None
                    ? Complete(outcome.Identity!, mechListMic.Span)
                    : Fail(outcome.Failure, outcome.Identity) with { Delay = outcome.Delay, Until = outcome.Until };
            default:
                return Fail(AuthenticationFailure.BadToken);
        }
    }

    public IMessageProtection ProtectMessages() => ntlm.ProtectMessages();

    public AuthenticationStep AcceptAsGuest()
    {
        if (_unknown is null)
        {
            throw new InvalidOperationException("Only an unknown user can be let in as a guest.");
        }

        return new AuthenticationStep
        {
            Status = NtStatus.Success,
            ResponseToken = _isRaw ? default : NegTokenResp.Write(NegState.AcceptCompleted, default, default, default),
            SessionKey = new byte[NtlmV2.KeySize],
            Identity = new SmbIdentity
            {
                UserName = "Guest",
                DomainName = _unknown.DomainName,
                WorkstationName = _unknown.WorkstationName,
                IsGuest = true,
            },
        };
    }

    public void Dispose()
    {
        _state = State.Done;
        ntlm.Dispose();
    }

    private AuthenticationStep Start(ReadOnlySpan<byte> token)
    {
        if (token.StartsWith(NtlmMessage.Signature))
        {
            _isRaw = true;
            return Challenge(token);
        }

        if (!NegTokenInit.TryParse(token, out var init) || init.MechTypes.Length > LongestMechTypes)
        {
            return Fail(AuthenticationFailure.BadToken);
        }

        var preference = init.IndexOf(SpnegoOid.Ntlm);
        if (preference < 0)
        {
            return Fail(AuthenticationFailure.NoCommonMechanism) with { Offered = init.DescribeMechanisms() };
        }

        _mechTypes = init.MechTypes.ToArray();
        if (preference == 0 && !init.MechToken.IsEmpty)
        {
            return Challenge(init.MechToken);
        }

        // The optimistic token, if any, is for another mechanism (Kerberos, most often): name NTLM and let the client begin with it.
        // RFC 4178 5: a choice that is not the client's first asks for the MIC of the list.
        _state = State.AwaitNegotiate;
        var state = preference == 0 ? NegState.AcceptIncomplete : NegState.RequestMic;
        return AuthenticationStep.Continue(NegTokenResp.Write(state, SpnegoOid.Ntlm, default, default));
    }

    private AuthenticationStep Challenge(ReadOnlySpan<byte> negotiate)
    {
        // RFC 4178 4.2.2: supportedMech stands in the first reply only.
        var isFirst = _state == State.Start;
        var failure = ntlm.Challenge(negotiate, out var challenge);
        if (failure != AuthenticationFailure.None)
        {
            return Fail(failure);
        }

        _state = State.AwaitAuthenticate;
        if (_isRaw)
        {
            return AuthenticationStep.Continue(challenge);
        }

        var supportedMech = isFirst ? SpnegoOid.Ntlm : default;
        return AuthenticationStep.Continue(NegTokenResp.Write(NegState.AcceptIncomplete, supportedMech, challenge.Span, default));
    }

    private AuthenticationStep Complete(SmbIdentity identity, ReadOnlySpan<byte> mechListMic)
    {
        byte[] token = [];
        if (!_isRaw)
        {
            // A MIC that is there must be right and gets one in return. One that is missing is let pass, even where it was asked for:
            // some clients have none, and with one mechanism there is nothing that a changed list could bring about.
            byte[] ownMic = [];
            if (!mechListMic.IsEmpty)
            {
                if (!ntlm.Verify(_mechTypes, mechListMic))
                {
                    return Fail(AuthenticationFailure.Tampered, identity);
                }

                ownMic = ntlm.Sign(_mechTypes);
            }

            token = NegTokenResp.Write(NegState.AcceptCompleted, default, default, ownMic);
        }

        return new AuthenticationStep
        {
            Status = NtStatus.Success,
            ResponseToken = token,
            Identity = identity,
            SessionKey = ntlm.SessionKey.ToArray(),
        };
    }

    private AuthenticationStep Fail(AuthenticationFailure failure, SmbIdentity? identity = null)
    {
        _state = State.Done;
        _unknown = failure == AuthenticationFailure.UnknownUser ? identity : null;
        return AuthenticationStep.Fail(failure, identity);
    }

    // The mechanism's token and the MIC, as memory, for they are used across an await.
    private bool TryUnwrap(ReadOnlyMemory<byte> token, out ReadOnlyMemory<byte> mechToken, out ReadOnlyMemory<byte> mechListMic)
    {
        mechToken = token;
        mechListMic = default;
        if (_isRaw)
        {
            return true;
        }

        if (!NegTokenResp.TryParse(token.Span, out var response) || response.State == NegState.Reject)
        {
            return false;
        }

        mechToken = response.ResponseToken.ToArray();
        mechListMic = response.MechListMic.ToArray();
        return true;
    }
}
