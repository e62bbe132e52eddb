using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>Kerberos 5 (RFC 4120, RFC 4121, MS-KILE) with the keys of a keytab. Passwords are the KDC's to guess at, so nobody counts failures here.</summary>
/// <param name="tickets">Reads tickets.</param>
/// <param name="accounts">Knows whose they are.</param>
/// <param name="isForRpc">Whether it is for RPC, which has a form of its own (MS-KILE 3.4.5.1).</param>
internal sealed class KerberosMechanism(TicketReader tickets, TicketAccounts accounts, bool isForRpc = false) : IGssMechanism
{
    public string Name => "Kerberos";

    /// <summary>Microsoft's number first, as Windows offers them.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Oids { get; } = [GssOid.MsKerberos.ToArray(), GssOid.Kerberos.ToArray()];

    /// <summary>The same tickets, and the memory of those that were used, for RPC.</summary>
    public KerberosMechanism ForRpc() => new(tickets, accounts, isForRpc: true);

    public bool IsInitialToken(ReadOnlySpan<byte> token) =>
        isForRpc ? ApRequest.IsOne(token) : GssFrame.TryRead(token, GssFrame.ApRequestId, out _);

    public IGssContext Begin(LogonPeer? peer) => new KerberosContext(tickets, accounts, isForRpc);
}
