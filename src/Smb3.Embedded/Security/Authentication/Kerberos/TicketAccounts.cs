using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Directory;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>Whom a ticket stands for: the account that its PAC describes, or else the principal by its name.</summary>
/// <param name="users">The host's users, for tickets that say only a name.</param>
/// <param name="tokens">Makes the tokens.</param>
/// <param name="directory">Knows the groups of principals whom the host does not know; null: nobody does.</param>
internal sealed class TicketAccounts(ISmbUserStore users, ISecurityTokenFactory tokens, DirectoryAccounts? directory = null)
{
    private const string Mechanism = "Kerberos";

    /// <summary>Who it is; without a token when it is refused.</summary>
    public async ValueTask<(SecurityToken? Token, AuthenticationFailure Failure, SmbIdentity Claimed, string? Why)> FindAsync(
        AcceptedTicket ticket, CancellationToken cancellationToken)
    {
        var contents = ticket.Contents;
        if (ticket.Logon is { } logon)
        {
            var known = new SmbIdentity
            {
                UserName = logon.UserName,
                DomainName = logon.DomainName,
                AccountDomain = logon.DomainName,
                DisplayName = logon.FullName.Length > 0 ? logon.FullName : null,

                // Names of groups would have to be asked for; a SID is as good a name.
                Groups = [.. logon.Groups.Where(group => (group.Attributes & GroupAttributes.Enabled) != 0).Select(group => group.Sid.ToString())],
            };
            return (tokens.Create(known, Mechanism, logon.User, logon.PrimaryGroup, logon.Groups, contents.Ends), default, known, null);
        }

        var claimed = new SmbIdentity { UserName = contents.Client.ToString(), DomainName = contents.ClientRealm };
        if (!contents.ClientRealm.Equals(ticket.Realm, StringComparison.OrdinalIgnoreCase))
        {
            return (null, AuthenticationFailure.TicketRefused, claimed, $"{contents.Client}@{contents.ClientRealm} is of another realm, and the ticket has no PAC");
        }

        if (contents.Client.Parts.Count != 1)
        {
            return (null, AuthenticationFailure.TicketRefused, claimed, $"{contents.Client}@{contents.ClientRealm} is not the name of a user");
        }

        var user = await users.FindAsync(contents.Client.Parts[0], contents.ClientRealm, cancellationToken).ConfigureAwait(false);
        if (user is { Disabled: true })
        {
            return (null, AuthenticationFailure.AccountDisabled, claimed, null);
        }

        if (user is null && directory is not null && await AskAsync(directory, contents, claimed, cancellationToken).ConfigureAwait(false) is { } answer)
        {
            return answer;
        }

        var identity = new SmbIdentity
        {
            UserName = user?.Name ?? contents.Client.Parts[0],
            DomainName = contents.ClientRealm,
            AccountDomain = user is null ? contents.ClientRealm : user.Domain,
            DisplayName = user?.DisplayName,
            Groups = user?.Groups ?? [],
        };
        return (tokens.Create(identity, Mechanism, contents.Ends), default, identity, null);
    }

    /// <summary>
    /// The account that the directory of the principal's own realm has by that name; null when it has none. While it cannot be asked nobody is let in
    /// whom it may know: as somebody else, and without groups that entries of access lists deny something to.
    /// </summary>
    private async ValueTask<(SecurityToken? Token, AuthenticationFailure Failure, SmbIdentity Claimed, string? Why)?> AskAsync(
        DirectoryAccounts directory, TicketContents contents, SmbIdentity claimed, CancellationToken cancellationToken)
    {
        const string Unknown = "the directory could not be asked who the user is";
        var found = await directory.FindAsync(contents.ClientRealm, contents.Client.Parts[0], cancellationToken).ConfigureAwait(false);
        if (!found.IsKnown)
        {
            return (null, AuthenticationFailure.NoLogonServer, claimed, Unknown);
        }

        if (found.Value is not { Use: SidNameUse.User } account)
        {
            return null;
        }

        var groups = await directory.FindGroupsAsync(account.Sid, cancellationToken).ConfigureAwait(false);
        if (groups.Value is not { } memberOf)
        {
            return (null, AuthenticationFailure.NoLogonServer, claimed, Unknown);
        }

        var identity = new SmbIdentity
        {
            UserName = account.Name,
            DomainName = account.DomainName,
            AccountDomain = account.DomainName,
            Groups = [.. memberOf.Select(group => group.ToString())],
        };
        var token = tokens.Create(
            identity, Mechanism, account.Sid, WellKnownSids.Users, [.. memberOf.Select(TokenGroup.Enabled)], contents.Ends);
        return (token, default, identity, null);
    }
}
