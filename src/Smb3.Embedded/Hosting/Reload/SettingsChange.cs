using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Reload;

/// <summary>
/// What the settings said when they were last applied, and what is done when they say something else. Only the difference is: what the host has
/// added, changed or removed by itself stays as it is until the settings say something new of it. Used by one caller at a time.
/// </summary>
/// <param name="first">The settings that the server was made with.</param>
/// <param name="server">What can change of it.</param>
/// <param name="logger">Where it is told what has changed, and what cannot.</param>
internal sealed class SettingsChange(SmbServerOptions first, ChangeableParts server, ILogger logger) : IDisposable
{
    private readonly Dictionary<string, string> _fixed = SettingsText.Fixed(first).ToDictionary(static one => one.Name, static one => one.Text);
    private readonly UserFingerprints _users = new(first.Users);
    private readonly Dictionary<string, string> _shares = TextsOf(first.Shares, static share => share.Name, SettingsText.Of);
    private readonly Dictionary<string, string> _namespaces = TextsOf(first.Namespaces, static space => space.Name, SettingsText.Of);
    private readonly Dictionary<string, string> _told = [];

    /// <summary>Applies settings that are valid.</summary>
    /// <returns>What could not be, each with its reason.</returns>
    public async Task<IReadOnlyList<string>> ApplyAsync(SmbServerOptions wanted, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        TellFixed(wanted);
        var limits = SettingsFactory.CreateLimits(wanted.Limits);
        if (limits != server.Limits)
        {
            server.Limits.Become(limits);
            ReloadLog.LimitsChanged(logger);
        }

        var (set, gone) = _users.Apply(wanted.Users, server.Users);
        foreach (var name in gone)
        {
            await server.Users.RemoveAsync(name).ConfigureAwait(false);
        }

        if (set + gone.Count > 0)
        {
            ReloadLog.UsersChanged(logger, set, gone.Count);
        }

        // First what goes: a name may come back as the other kind.
        await RemoveAsync(_shares, wanted.Shares.Select(static share => share.Name), server.Shares.RemoveAsync, problems, cancellationToken)
            .ConfigureAwait(false);
        await RemoveAsync(_namespaces, wanted.Namespaces.Select(static space => space.Name), server.Namespaces.RemoveAsync, problems, cancellationToken)
            .ConfigureAwait(false);
        foreach (var share in wanted.Shares)
        {
            await ChangeAsync(
                _shares, share.Name, SettingsText.Of(share), () => server.Shares.ChangeAsync(WithItsStore(share), cancellationToken), problems)
                .ConfigureAwait(false);
        }

        foreach (var space in wanted.Namespaces)
        {
            await ChangeAsync(
                _namespaces, space.Name, SettingsText.Of(space), () => server.Namespaces.ChangeAsync(space, cancellationToken), problems)
                .ConfigureAwait(false);
        }

        return problems;
    }

    public void Dispose() => _users.Dispose();

    private static Dictionary<string, string> TextsOf<T>(IEnumerable<T> items, Func<T, string> nameOf, Func<T, string> textOf) =>
        items.ToDictionary(nameOf, textOf, StringComparer.OrdinalIgnoreCase);

    private async Task RemoveAsync(
        Dictionary<string, string> known, IEnumerable<string> wanted, Func<string, CancellationToken, Task<bool>> remove, List<string> problems,
        CancellationToken cancellationToken)
    {
        foreach (var name in known.Keys.Except(wanted, StringComparer.OrdinalIgnoreCase).ToList())
        {
            await TryAsync(name, problems, async () =>
            {
                if (await remove(name, cancellationToken).ConfigureAwait(false))
                {
                    ReloadLog.ShareRemoved(logger, name);
                }
            }).ConfigureAwait(false);

            // One whose store does not close is gone all the same.
            known.Remove(name);
        }
    }

    /// <summary>What could not be changed is tried again with the next settings.</summary>
    private Task ChangeAsync(Dictionary<string, string> known, string name, string text, Func<Task> change, List<string> problems) =>
        known.TryGetValue(name, out var before) && before == text ? Task.CompletedTask : TryAsync(name, problems, async () =>
        {
            await change().ConfigureAwait(false);
            known[name] = text;
            ReloadLog.ShareChanged(logger, name);
        });

    private async Task TryAsync(string name, List<string> problems, Func<Task> change)
    {
        try
        {
            await change().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            foreach (var problem in e is OptionsValidationException invalid ? invalid.Failures : [e.Message])
            {
                problems.Add(problem);
                ReloadLog.ShareNotChanged(logger, name, problem);
            }
        }
    }

    /// <summary>Code that configures may make a new store each time; the share keeps the one that it has.</summary>
    private SmbShareOptions WithItsStore(SmbShareOptions share)
    {
        if (share.Store is null || server.Shares.StoreOf(share.Name) is not { } store)
        {
            return share;
        }

        var copy = share.Clone();
        copy.Store = store;
        return copy;
    }

    /// <summary>Each setting that needs a restart is told once for each value, not at every change of something else.</summary>
    private void TellFixed(SmbServerOptions wanted)
    {
        foreach (var (name, text) in SettingsText.Fixed(wanted))
        {
            if (_fixed[name] == text)
            {
                _told.Remove(name);
            }
            else if (_told.GetValueOrDefault(name) != text)
            {
                _told[name] = text;
                ReloadLog.NeedsRestart(logger, name);
            }
        }
    }
}

/// <summary>What of a server can change while it runs.</summary>
internal sealed record ChangeableParts(ServerLimits Limits, SmbUserCollection Users, SmbShareCollection Shares, SmbNamespaceCollection Namespaces);
