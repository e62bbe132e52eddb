using System.Formats.Asn1;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Pac;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>Checks what a client presents (RFC 4120 3.2.3): the ticket, the proof that it is the client's, and the certificate in it.</summary>
/// <param name="keytab">The keys.</param>
/// <param name="settings">Which tickets are taken.</param>
/// <param name="time">The clock.</param>
internal sealed class TicketReader(Func<ValueTask<Keytab>> keytab, KerberosSettings settings, TimeProvider time)
{
    private const string FileService = "cifs";
    private const string HostService = "host";

    /// <summary>More keys of one version and type than a keytab has for all names of an account.</summary>
    private const int MaxTries = 32;

    private readonly ReplayCache _replays = new(settings.MaxReplaysRemembered, 2 * settings.ClockSkew, time);

    /// <exception cref="TicketRefusal">It is not taken.</exception>
    public async ValueTask<AcceptedTicket> ReadAsync(ReadOnlyMemory<byte> message) => Read(message, await keytab().ConfigureAwait(false));

    private AcceptedTicket Read(ReadOnlyMemory<byte> message, Keytab keys)
    {
        TicketContents? contents = null;
        Authenticator? authenticator = null;
        ApRequest? request = null;
        try
        {
            request = ApRequest.Read(message);
            CheckService(request);
            (contents, var key) = Open(request, keys);
            CheckTimes(contents);
            var proof = contents.SessionKey.Decrypt(KeyUsage.Authenticator, request.Authenticator.Cipher.Span)
                ?? throw Refuse("its authenticator was not made with the key of the ticket");
            authenticator = Authenticator.Read(proof);
            CheckProof(request, contents, authenticator);
            return new AcceptedTicket(contents, authenticator, ReadPac(contents, key), request.Service, request.Realm);
        }
        catch (Exception e) when (e is AsnContentException or TicketRefusal)
        {
            var refusal = e as TicketRefusal ?? new TicketRefusal(AuthenticationFailure.BadToken, "malformed");
            refusal.Service = request is null ? null : $"{request.Service}@{request.Realm}";
            refusal.Claimed = contents is null ? null : new SmbIdentity { UserName = contents.Client.ToString(), DomainName = contents.ClientRealm };
            Dispose(contents, authenticator);
            throw refusal;
        }
    }

    private static void Dispose(TicketContents? contents, Authenticator? authenticator)
    {
        contents?.Dispose();
        authenticator?.Dispose();
    }

    private static TicketRefusal Refuse(string why) => new(AuthenticationFailure.TicketRefused, why);

    /// <summary>A ticket for another service of this machine, which its client may have been lured to, is not one for files.</summary>
    private static void CheckService(ApRequest request)
    {
        var parts = request.Service.Parts;
        if (parts.Count > 1
            && !parts[0].Equals(FileService, StringComparison.OrdinalIgnoreCase)
            && !parts[0].Equals(HostService, StringComparison.OrdinalIgnoreCase))
        {
            throw Refuse($"it is for {request.Service}, which is not a file server");
        }
    }

    /// <summary>Decrypts the ticket, and says with which key.</summary>
    private (TicketContents Contents, KerberosKey Key) Open(ApRequest request, Keytab keys)
    {
        var (type, version, cipher) = request.Ticket;
        if (type == EncryptionType.Rc4 && !settings.AllowRc4)
        {
            throw Refuse($"it is encrypted with RC4; let the account of {request.Service} have AES, or allow RC4");
        }

        var candidates = keys.Find(request.Realm, request.Service, type, version).Take(MaxTries).ToList();
        foreach (var entry in candidates)
        {
            if (entry.Key.Decrypt(KeyUsage.Ticket, cipher.Span) is { } plain)
            {
                var contents = TicketContents.Read(plain);
                if (contents.SessionKey.Profile.Type == EncryptionType.Rc4 && !settings.AllowRc4)
                {
                    contents.Dispose();
                    throw Refuse("its session key is for RC4");
                }

                return (contents, entry.Key);
            }
        }

        var what = $"{request.Service}@{request.Realm}, version {version?.ToString() ?? "unknown"}, type {(int)type}";
        throw Refuse(
            candidates.Count > 0 && candidates[0].Principal.Equals(request.Service) ? $"the keytab has another key for {what}: make a new one"
            : keys.Has(request.Realm, request.Service) ? $"the keytab has no key of that version or type: {what}"
            : $"the keytab has no key for {what}");
    }

    private void CheckTimes(TicketContents ticket)
    {
        var now = time.GetUtcNow();
        if (ticket.IsInvalid || ticket.Starts > now + settings.ClockSkew)
        {
            throw Refuse("it is not valid yet");
        }

        if (ticket.Ends <= now)
        {
            throw Refuse("it has expired");
        }
    }

    private void CheckProof(ApRequest request, TicketContents ticket, Authenticator proof)
    {
        if (!proof.Client.Equals(ticket.Client) || !proof.ClientRealm.Equals(ticket.ClientRealm, StringComparison.OrdinalIgnoreCase))
        {
            throw Refuse("it is another client's than the authenticator says");
        }

        if (proof.SubKey?.Profile.Type == EncryptionType.Rc4 && !settings.AllowRc4)
        {
            throw Refuse("its client has chosen a key for RC4");
        }

        if ((time.GetUtcNow() - proof.Time).Duration() > settings.ClockSkew)
        {
            throw new TicketRefusal(
                AuthenticationFailure.ClockSkew,
                $"the clocks of client and server differ by {(time.GetUtcNow() - proof.Time).Duration():hh\\:mm\\:ss}");
        }

        if (!_replays.TryAdd(request.Authenticator.Cipher.Span))
        {
            throw Refuse("it was sent before: a replay");
        }
    }

    private static LogonInformation? ReadPac(TicketContents ticket, KerberosKey key)
    {
        if (ticket.Pac is null)
        {
            return null;
        }

        var pac = PrivilegeCertificate.Read(ticket.Pac) ?? throw Refuse("its PAC is damaged");
        if (!pac.IsSignedFor(key))
        {
            throw Refuse("its PAC is not signed with the server's key");
        }

        if (!pac.IsOf(ticket))
        {
            throw Refuse("its PAC belongs to another ticket");
        }

        // A KDC of MIT signs PACs too, and says nothing in them of users.
        return pac.SaysWho ? pac.ReadLogon() ?? throw Refuse("its PAC is damaged") : null;
    }
}
