using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Pac;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>A ticket that holds, with the proof of the client that it is its own. Disposing zeroes the keys.</summary>
/// <param name="Contents">What the KDC says.</param>
/// <param name="Authenticator">The client's proof.</param>
/// <param name="Logon">Who it is to a domain; null when the KDC says only a name.</param>
/// <param name="Service">The service that it is for.</param>
/// <param name="Realm">The realm of the service.</param>
internal sealed record AcceptedTicket(
    TicketContents Contents, Authenticator Authenticator, LogonInformation? Logon, PrincipalName Service, string Realm) : IDisposable
{
    public void Dispose()
    {
        Contents.Dispose();
        Authenticator.Dispose();
    }
}
