using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>
/// The acceptor's side of one negotiation. The client's order of preference decides which mechanism it is; from then on every token is
/// handed to that one, for as long as it wants more:
/// <code>
/// Start ── NegTokenInit, token of the chosen one ──► its answer ──► AwaitToken ── NegTokenResp ──► … Done
///   │ └─── NegTokenInit without ──► the choice ────────────────────► AwaitToken
///   └───── its own first token ───► its answer ────────────────────► AwaitToken (raw)
/// AwaitToken ── complete, but the list of mechanisms is not yet proved ──► own MIC ──► AwaitMic ── NegTokenResp ──► Done
/// </code>
/// </summary>
internal sealed class SpnegoExchange(IReadOnlyList<IGssMechanism> mechanisms, ISecurityTokenFactory tokens, LogonPeer? peer)
    : IAuthenticationExchange
{
    /// <summary>Far more than the mechanisms that exist; the list must be kept for its MIC.</summary>
    private const int LongestMechTypes = 512;

    /// <summary>The session key of a guest, who shares no secret with the server.</summary>
    private const int GuestKeySize = 16;

    private State _state;
    private bool _isRaw;
    private byte[] _mechTypes = [];
    private IGssMechanism? _mechanism;
    private IGssContext? _context;
    private ReadOnlyMemory<byte> _unannounced;
    private bool _mustProveList;
    private SecurityToken? _proven;
    private SmbIdentity? _unknown;

    private enum State
    {
        Start,
        AwaitToken,
        AwaitMic,
        Done,
    }

    public async ValueTask<AuthenticationStep> StepAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        switch (_state)
        {
            case State.Start:
                return Start(token, out var first) is { } step
                    ? step
                    : await AcceptAsync(first, default, cancellationToken).ConfigureAwait(false);
            case State.AwaitToken:
                return TryUnwrap(token, out var next, out var mechListMic)
                    ? await AcceptAsync(next, mechListMic, cancellationToken).ConfigureAwait(false)
                    : Fail(AuthenticationFailure.BadToken);
            case State.AwaitMic:
                return TryUnwrap(token, out _, out var mic) && !mic.IsEmpty
                    ? Complete(_proven!, default, mic.Span)
                    : Fail(AuthenticationFailure.Tampered, _proven!.Identity);
            default:
                return Fail(AuthenticationFailure.BadToken);
        }
    }

    public IMessageProtection ProtectMessages() => _context!.ProtectMessages();

    public AuthenticationStep AcceptAsGuest()
    {
        if (_unknown is null)
        {
            throw new InvalidOperationException("Only an unknown user can be let in as a guest.");
        }

        var identity = new SmbIdentity
        {
            UserName = "Guest",
            DomainName = _unknown.DomainName,
            WorkstationName = _unknown.WorkstationName,
            IsGuest = true,
        };
        return new AuthenticationStep
        {
            Status = NtStatus.Success,
            ResponseToken = _isRaw ? default : NegTokenResp.Write(NegState.AcceptCompleted, default, default, default),
            SessionKey = new byte[GuestKeySize],
            Token = tokens.Create(identity, _mechanism!.Name),
        };
    }

    public void Dispose()
    {
        _state = State.Done;
        _context?.Dispose();
    }

    /// <summary>Chooses the mechanism. Null: <paramref name="mechToken"/> is its first token.</summary>
    private AuthenticationStep? Start(ReadOnlyMemory<byte> token, out ReadOnlyMemory<byte> mechToken)
    {
        mechToken = token;
        foreach (var mechanism in mechanisms)
        {
            if (mechanism.IsInitialToken(token.Span))
            {
                _isRaw = true;
                Begin(mechanism, default);
                return null;
            }
        }

        if (!NegTokenInit.TryParse(token.Span, out var init) || init.MechTypes.Length > LongestMechTypes)
        {
            return Fail(AuthenticationFailure.BadToken);
        }

        var preference = Choose(init);
        if (preference < 0)
        {
            return Fail(AuthenticationFailure.NoCommonMechanism) with { Detail = init.DescribeMechanisms() };
        }

        _mechTypes = init.MechTypes.ToArray();
        if (preference == 0 && !init.MechToken.IsEmpty)
        {
            mechToken = init.MechToken.ToArray();
            return null;
        }

        // The optimistic token, if any, is for another mechanism: name the chosen one and let the client begin with it.
        // RFC 4178 5: a choice that is not the client's first asks for the MIC of the list. Some clients have none; that is accepted where
        // there is only one mechanism, because changing the list would achieve nothing then.
        _mustProveList = preference != 0 && mechanisms.Count > 1;
        var state = preference == 0 ? NegState.AcceptIncomplete : NegState.RequestMic;
        return AuthenticationStep.Continue(NegTokenResp.Write(state, TakeUnannounced(), default, default));
    }

    /// <summary>Begins the first mechanism of the client's list that the server has, and says where it stands there; -1: none.</summary>
    private int Choose(in NegTokenInit init)
    {
        var (best, chosen, chosenOid) = (-1, default(IGssMechanism), default(ReadOnlyMemory<byte>));
        foreach (var mechanism in mechanisms)
        {
            foreach (var oid in mechanism.Oids)
            {
                var index = init.IndexOf(oid.Span);
                if (index >= 0 && (best < 0 || index < best))
                {
                    (best, chosen, chosenOid) = (index, mechanism, oid);
                }
            }
        }

        if (chosen is not null)
        {
            Begin(chosen, chosenOid);
        }

        return best;
    }

    private void Begin(IGssMechanism mechanism, ReadOnlyMemory<byte> oid)
    {
        _mechanism = mechanism;
        _context = mechanism.Begin(peer);
        _unannounced = oid;
        _state = State.AwaitToken;
    }

    private async ValueTask<AuthenticationStep> AcceptAsync(
        ReadOnlyMemory<byte> mechToken, ReadOnlyMemory<byte> mechListMic, CancellationToken cancellationToken)
    {
        var step = await _context!.AcceptAsync(mechToken, cancellationToken).ConfigureAwait(false);
        if (step.Failure != AuthenticationFailure.None)
        {
            return Fail(step.Failure, step.Claimed) with { Delay = step.Delay, Until = step.Until, Detail = step.Detail };
        }

        if (step.Token is { } token)
        {
            return Complete(token, step.ResponseToken, mechListMic.Span);
        }

        return AuthenticationStep.Continue(
            _isRaw
                ? step.ResponseToken
                : NegTokenResp.Write(NegState.AcceptIncomplete, TakeUnannounced(), step.ResponseToken.Span, default));
    }

    private AuthenticationStep Complete(SecurityToken token, ReadOnlyMemory<byte> mechToken, ReadOnlySpan<byte> mechListMic)
    {
        var response = mechToken;
        if (!_isRaw)
        {
            // A MIC that is there must be right and gets one in return.
            if (!mechListMic.IsEmpty && !_context!.VerifyMic(_mechTypes, mechListMic))
            {
                return Fail(AuthenticationFailure.Tampered, token.Identity);
            }

            var isUnproved = mechListMic.IsEmpty && _mustProveList;
            var answersMic = isUnproved || (!mechListMic.IsEmpty && _state != State.AwaitMic);
            response = NegTokenResp.Write(
                isUnproved ? NegState.AcceptIncomplete : NegState.AcceptCompleted,
                TakeUnannounced(),
                mechToken.Span,
                answersMic ? _context!.GetMic(_mechTypes) : default);
            if (isUnproved)
            {
                _proven = token;
                _state = State.AwaitMic;
                return AuthenticationStep.Continue(response);
            }
        }

        _state = State.Done;
        return new AuthenticationStep
        {
            Status = NtStatus.Success,
            ResponseToken = response,
            Token = token,
            Service = _context!.Service,
            SessionKey = _context!.SessionKey.ToArray(),
        };
    }

    private AuthenticationStep Fail(AuthenticationFailure failure, SmbIdentity? claimed = null)
    {
        _state = State.Done;
        _unknown = failure == AuthenticationFailure.UnknownUser ? claimed : null;
        return AuthenticationStep.Fail(failure, claimed) with { Service = _context?.Service };
    }

    // RFC 4178 4.2.2: supportedMech stands in the first reply only.
    private ReadOnlySpan<byte> TakeUnannounced()
    {
        var oid = _unannounced;
        _unannounced = default;
        return oid.Span;
    }

    // The mechanism's token and the MIC, as memory because they are used across an await.
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
