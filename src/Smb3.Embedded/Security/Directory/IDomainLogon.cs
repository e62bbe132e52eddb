namespace Smb3.Embedded;

/// <summary>
/// Checks logons of a domain's users with a password (NTLM), for which only the domain has the hashes: winbind does it on a member of a domain.
/// Asked for users whom neither the server nor the host knows, when the client has named a domain. Only NTLMv2 gets here, and the server itself
/// checks the integrity code of the client's messages under the key that comes back. Called concurrently; it must not block.
/// </summary>
public interface IDomainLogon
{
    /// <summary>Has the domain check a client's response.</summary>
    /// <param name="logon">What the client has sent; unchecked.</param>
    /// <param name="cancellationToken">The connection is gone, or the logon took too long.</param>
    /// <returns>Who it is, or why not. An exception means that the domain could not be asked.</returns>
    ValueTask<SmbDomainLogonResult> CheckAsync(SmbDomainLogon logon, CancellationToken cancellationToken);
}
