using System.Security.Cryptography;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>The server's side of one context (RFC 4121 4.1): the client's AP-REQ, and an AP-REP where it is to be mutual. Nothing follows.</summary>
internal sealed class KerberosContext(TicketReader tickets, TicketAccounts accounts) : IGssContext
{
    private AcceptedTicket? _ticket;
    private KerberosKey? _ownKey;
    private KerberosKey? _key;
    private uint _sequence;
    private bool _isOver;

    public ReadOnlySpan<byte> SessionKey => _key!.Value;

    private bool IsOwnKey => _ownKey is not null;

    public async ValueTask<GssStep> AcceptAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        if (_isOver || !GssFrame.TryRead(token.Span, GssFrame.ApRequestId, out var offset))
        {
            _isOver = true;
            return GssStep.Fail(AuthenticationFailure.BadToken);
        }

        _isOver = true;
        GssFlags flags;
        try
        {
            _ticket = tickets.Read(token[offset..]);
            if (!AuthenticatorChecksum.TryRead(_ticket.Authenticator.ChecksumType, _ticket.Authenticator.Checksum, out flags))
            {
                return GssStep.Fail(AuthenticationFailure.BadToken);
            }
        }
        catch (TicketRefusal refusal)
        {
            return GssStep.Fail(refusal.Failure) with { Detail = refusal.Message };
        }

        if ((flags & GssFlags.DceStyle) != 0)
        {
            return GssStep.Fail(AuthenticationFailure.TicketRefused) with { Detail = "it asks for the form of RPC, which SMB has no use for" };
        }

        var (account, failure, claimed, why) = await accounts.FindAsync(_ticket, cancellationToken).ConfigureAwait(false);
        return account is null
            ? GssStep.Fail(failure, claimed) with { Detail = why }
            : GssStep.Complete(account, Answer(_ticket, flags));
    }

    public byte[] GetMic(ReadOnlySpan<byte> message) => _key!.Profile.Type == EncryptionType.Rc4
        ? Rc4MicToken.Write(_key, _sequence, message)
        : MicToken.Write(_key, IsOwnKey, _sequence, message);

    public bool VerifyMic(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic) => _key!.Profile.Type == EncryptionType.Rc4
        ? Rc4MicToken.Verify(_key, message, mic)
        : MicToken.Verify(_key, IsOwnKey, message, mic);

    public IMessageProtection ProtectMessages() =>
        throw new NotSupportedException("RPC over TCP is authenticated by NTLM: Kerberos is not offered there.");

    public void Dispose()
    {
        _ticket?.Dispose();
        _ownKey?.Dispose();
    }

    /// <summary>
    /// Chooses the key and proves that the ticket could be read. The server adds randomness of its own, so that no key comes twice, except with RC4,
    /// whose tokens have no room to say so.
    /// </summary>
    private byte[] Answer(AcceptedTicket ticket, GssFlags flags)
    {
        var sessionKey = ticket.Contents.SessionKey;
        var proof = ticket.Authenticator;
        var offered = proof.SubKey ?? sessionKey;
        _sequence = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
        if ((flags & GssFlags.Mutual) == 0)
        {
            _key = offered;
            return [];
        }

        _ownKey = offered.Profile.Type == EncryptionType.Rc4 ? null : KerberosKey.Generate(offered.Profile);
        _key = _ownKey ?? offered;
        return GssFrame.Write(GssFrame.ApReplyId, ApReply.Write(sessionKey, proof.Time, proof.Microseconds, _ownKey, _sequence));
    }
}
