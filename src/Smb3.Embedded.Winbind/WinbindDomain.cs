using Microsoft.Extensions.Options;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Winbind;

/// <summary>The domain that the machine has joined, asked through winbind. Programs start when they are needed. Safe for concurrent use.</summary>
public sealed class WinbindDomain : IDomainLogon, IAccountResolver, IDisposable
{
    private readonly HelperPool _helpers;
    private readonly NameProgram _names;

    /// <summary>Creates it; nothing is started yet.</summary>
    /// <param name="options">Where the programs are.</param>
    /// <exception cref="OptionsValidationException">A setting is invalid; the failures say which.</exception>
    public WinbindDomain(WinbindOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> failures = [];
        if (options.MaxHelpers is < 1 or > 64)
        {
            failures.Add("Winbind:MaxHelpers: it must be 1 to 64.");
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(2))
        {
            failures.Add("Winbind:Timeout: it must be 1 second to 2 minutes.");
        }

        if (failures.Count > 0)
        {
            throw new OptionsValidationException(nameof(WinbindOptions), typeof(WinbindOptions), failures);
        }

        _helpers = new HelperPool(options);
        _names = new NameProgram(options);
    }

    /// <inheritdoc/>
    /// <exception cref="WinbindException">Winbind cannot be asked.</exception>
    public async ValueTask<SmbDomainLogonResult> CheckAsync(SmbDomainLogon logon, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(logon);
        var answer = await _helpers.AskAsync(LogonHelper.Request(logon), cancellationToken).ConfigureAwait(false);
        if (LogonHelper.ReadAnswer(answer, out var key) is var status && status != NtStatus.Success)
        {
            return SmbDomainLogonResult.Refuse(status);
        }

        // Who it is: the program says only that the password is right.
        var account = await FindAsync(logon.DomainName.Length > 0 ? logon.DomainName : null, logon.UserName, cancellationToken).ConfigureAwait(false);
        var sids = account is { Use: SidNameUse.User } ? await _names.FindSidsOfUserAsync(account.Sid, cancellationToken).ConfigureAwait(false) : null;

        // The user itself comes first, then its primary group.
        return sids is [var user, var primary, ..] && user == account!.Sid
            ? SmbDomainLogonResult.Accept(account, primary, [.. sids.Skip(1)], key)
            : throw new WinbindException("Winbind has accepted a logon of a user whose SIDs it does not know.");
    }

    /// <inheritdoc/>
    /// <exception cref="WinbindException">Winbind cannot be asked.</exception>
    public ValueTask<SmbAccount?> FindAsync(Sid sid, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sid);
        return _names.FindAsync(sid, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="WinbindException">Winbind cannot be asked.</exception>
    public async ValueTask<SmbAccount?> FindAsync(string? domain, string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);

        // The SID's own name, because the one that was asked for may be spelled another way.
        return await _names.FindSidAsync(domain, name, cancellationToken).ConfigureAwait(false) is { } sid
            ? await _names.FindAsync(sid, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="WinbindException">Winbind cannot be asked.</exception>
    public async ValueTask<IReadOnlyList<Sid>?> FindGroupsAsync(Sid user, CancellationToken cancellationToken) =>
        await _names.FindSidsOfUserAsync(user, cancellationToken).ConfigureAwait(false) is { } sids ? [.. sids.Skip(1).Take(1024)] : null;

    /// <summary>Ends the programs.</summary>
    public void Dispose()
    {
        _helpers.Dispose();
        _names.Dispose();
    }
}
