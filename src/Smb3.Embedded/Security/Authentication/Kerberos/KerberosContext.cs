using System.Formats.Asn1;
using System.Security.Cryptography;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>
/// The server's side of one context (RFC 4121 4.1): the client's AP-REQ, and an AP-REP where it is to be mutual. In the form of RPC, the client
/// proves with an AP-REP of its own that it has read the server's (MS-KILE 3.4.5.1).
/// </summary>
/// <param name="tickets">Reads tickets.</param>
/// <param name="accounts">Knows whose they are.</param>
/// <param name="isForRpc">Whether the client is to use the form of RPC; else it must not.</param>
internal sealed class KerberosContext(TicketReader tickets, TicketAccounts accounts, bool isForRpc) : IGssContext
{
    private AcceptedTicket? _ticket;
    private KerberosKey? _ownKey;
    private KerberosKey? _key;
    private IMessageTokens? _tokens;
    private SecurityToken? _awaitsProof;
    private ulong _nextSent;
    private ulong _nextReceived;
    private bool _isOver;

    public ReadOnlySpan<byte> SessionKey => _key!.Value;

    public string? Service { get; private set; }

    public ValueTask<GssStep> AcceptAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        var account = _awaitsProof;
        _awaitsProof = null;
        if (_isOver)
        {
            return new(account is null ? GssStep.Fail(AuthenticationFailure.BadToken) : Prove(account, token));
        }

        _isOver = true;
        return BeginAsync(token, cancellationToken);
    }

    public byte[] GetMic(ReadOnlySpan<byte> message)
    {
        var mic = new byte[_tokens!.MicSize];
        _tokens.WriteMic(_nextSent++, message, mic);
        return mic;
    }

    public bool VerifyMic(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic) => _tokens!.VerifyMic(_nextReceived++, message, mic);

    public IMessageProtection ProtectMessages() => new KerberosMessageProtection(_tokens!, _nextSent, _nextReceived);

    public void Dispose()
    {
        _ticket?.Dispose();
        _ownKey?.Dispose();
    }

    private async ValueTask<GssStep> BeginAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        var isFramed = GssFrame.TryRead(token.Span, GssFrame.ApRequestId, out var offset);
        GssFlags flags;
        try
        {
            _ticket = await tickets.ReadAsync(token[offset..]).ConfigureAwait(false);
            Service = $"{_ticket.Service}@{_ticket.Realm}";
            if (!AuthenticatorChecksum.TryRead(_ticket.Authenticator.ChecksumType, _ticket.Authenticator.Checksum, out flags))
            {
                return GssStep.Fail(AuthenticationFailure.BadToken);
            }
        }
        catch (TicketRefusal refusal)
        {
            Service = refusal.Service;
            return GssStep.Fail(refusal.Failure, refusal.Claimed) with { Detail = refusal.Message };
        }

        if (flags.HasFlag(GssFlags.DceStyle) != isForRpc)
        {
            var why = isForRpc ? "it does not ask for the form of RPC" : "it asks for the form of RPC, which SMB has no use for";
            return GssStep.Fail(AuthenticationFailure.TicketRefused) with { Detail = why };
        }

        var (account, failure, claimed, reason) = await accounts.FindAsync(_ticket, cancellationToken).ConfigureAwait(false);
        if (account is null)
        {
            return GssStep.Fail(failure, claimed) with { Detail = reason };
        }

        var answer = Answer(_ticket, flags);
        if (isForRpc)
        {
            _awaitsProof = account;
            return GssStep.Continue(answer);
        }

        return GssStep.Complete(account, isFramed && answer.Length > 0 ? GssFrame.Write(GssFrame.ApReplyId, answer) : answer);
    }

    /// <summary>
    /// Chooses the key and proves that the ticket could be read. The server adds randomness of its own, so that no key comes twice, except with RC4,
    /// whose tokens have no room to say so; in the form of RPC there is no doubt.
    /// </summary>
    private byte[] Answer(AcceptedTicket ticket, GssFlags flags)
    {
        var sessionKey = ticket.Contents.SessionKey;
        var proof = ticket.Authenticator;
        var offered = proof.SubKey ?? sessionKey;
        _nextReceived = _nextSent = proof.Sequence;
        var isMutual = isForRpc || flags.HasFlag(GssFlags.Mutual);
        var isRc4 = offered.Profile.Type == EncryptionType.Rc4;
        _ownKey = isMutual && (isForRpc || !isRc4) ? KerberosKey.Generate(offered.Profile) : null;
        _key = _ownKey ?? offered;
        _tokens = isRc4 ? new Rc4MessageTokens(_key, isAcceptor: true) : new AesMessageTokens(_key, _ownKey is not null, isAcceptor: true);
        if (!isMutual)
        {
            return [];
        }

        // Half of all numbers, because some clients read them as signed ones.
        var sequence = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
        _nextSent = sequence;
        return ApReply.Write(sessionKey, proof.Time, proof.Microseconds, _ownKey, sequence);
    }

    /// <summary>The client's AP-REP repeats the number that stands in the server's, which only somebody with the ticket's key can have read.</summary>
    private GssStep Prove(SecurityToken account, ReadOnlyMemory<byte> token)
    {
        try
        {
            return ApReply.ReadSequence(_ticket!.Contents.SessionKey, token) == _nextSent
                ? GssStep.Complete(account)
                : GssStep.Fail(AuthenticationFailure.TicketRefused, account.Identity) with { Detail = "its last message does not answer the server's" };
        }
        catch (AsnContentException)
        {
            return GssStep.Fail(AuthenticationFailure.BadToken, account.Identity);
        }
    }
}
