using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>The users of a domain, whose passwords only the domain can check.</summary>
/// <param name="logon">Asks it.</param>
/// <param name="tokens">Makes the tokens.</param>
/// <param name="tell">Told why the domain could not be asked.</param>
internal sealed class NtlmDomain(IDomainLogon logon, ISecurityTokenFactory tokens, Action<Exception> tell)
{
    private const string Mechanism = "NTLM";

    /// <summary>Whether the client says that the user is in a domain, and not on this server.</summary>
    /// <param name="message">What the client has sent.</param>
    /// <param name="serverName">The name of the server.</param>
    public static bool IsNamedBy(in NtlmAuthenticateMessage message, string serverName) => message.DomainName.Length > 0
        ? !message.DomainName.Equals(serverName, StringComparison.OrdinalIgnoreCase)
        : message.UserName.Contains('@', StringComparison.Ordinal);

    /// <summary>Has the domain check the response; with a success the token is there, and the key, which the caller zeroes.</summary>
    public async ValueTask<(AuthenticationFailure Failure, string? Detail, SecurityToken? Token, byte[] SessionBaseKey)> CheckAsync(
        NtlmAuthenticateMessage message, ReadOnlyMemory<byte> serverChallenge, SmbIdentity claimed, CancellationToken cancellationToken)
    {
        SmbDomainLogonResult result;
        try
        {
            result = await logon.CheckAsync(
                new SmbDomainLogon
                {
                    UserName = message.UserName,
                    DomainName = message.DomainName,
                    WorkstationName = message.WorkstationName,
                    ServerChallenge = serverChallenge,
                    NtResponse = message.NtResponse.ToArray(),
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            tell(e);
            return (AuthenticationFailure.NoLogonServer, e.Message, null, []);
        }

        switch (result.Status)
        {
            case NtStatus.Success:
                break;
            case NtStatus.NoSuchUser:
                return (AuthenticationFailure.UnknownUser, null, null, []);
            case NtStatus.WrongPassword or NtStatus.LogonFailure:
                return (AuthenticationFailure.WrongPassword, null, null, []);
            case NtStatus.AccountDisabled:
                return (AuthenticationFailure.AccountDisabled, null, null, []);
            case NtStatus.NoLogonServers:
                return (AuthenticationFailure.NoLogonServer, "no domain controller answers", null, []);
            default:
                return (AuthenticationFailure.AccountRefused, result.Status.ToString(), null, []);
        }

        var account = result.Account!;
        var identity = new SmbIdentity
        {
            UserName = account.Name,
            DomainName = account.DomainName,
            AccountDomain = account.DomainName,
            WorkstationName = claimed.WorkstationName,
            Groups = [.. result.Groups.Append(result.PrimaryGroup!).Distinct().Select(static group => group.ToString())],
        };
        var groups = result.Groups.Where(group => group != account.Sid).Append(result.PrimaryGroup!).Distinct().Select(TokenGroup.Enabled).ToArray();
        return (AuthenticationFailure.None, null,
            tokens.Create(identity, Mechanism, account.Sid, result.PrimaryGroup!, groups, DateTimeOffset.MaxValue), result.SessionBaseKey);
    }
}
