using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>Kerberos 5 (RFC 4120, RFC 4121, MS-KILE) with the keys of a keytab. Passwords are the KDC's to guess at, so nobody counts failures here.</summary>
internal sealed class KerberosMechanism(TicketReader tickets, TicketAccounts accounts) : IGssMechanism
{
    public string Name => "Kerberos";

    /// <summary>Microsoft's number first, as Windows offers them.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Oids { get; } = [GssOid.MsKerberos.ToArray(), GssOid.Kerberos.ToArray()];

    public bool IsInitialToken(ReadOnlySpan<byte> token) => GssFrame.TryRead(token, GssFrame.ApRequestId, out _);

    public IGssContext Begin(LogonPeer? peer) => new KerberosContext(tickets, accounts);
}
