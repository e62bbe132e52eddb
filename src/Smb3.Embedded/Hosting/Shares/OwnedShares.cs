using System.Collections.ObjectModel;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>The clustered shares, of which a node serves those that it owns. Safe for concurrent use.</summary>
internal sealed class OwnedShares
{
    private readonly ServedShares _served;
    private readonly ShareTurns _turn;
    private volatile IReadOnlyDictionary<string, Share> _known = ReadOnlyDictionary<string, Share>.Empty;
    private Func<string, IDfsRoot>? _elsewhere;
    private Action? _changed;

    /// <param name="served">The shares.</param>
    /// <param name="turn">Whose turn it is.</param>
    public OwnedShares(ServedShares served, ShareTurns turn)
    {
        _served = served;
        _turn = turn;
        served.ClusteredChanged = Show;
        Show();
    }

    /// <summary>All of them, served here or not, without their files, by name.</summary>
    public IReadOnlyDictionary<string, Share> Known => _known;

    /// <summary>The clustered shares that are served here, with their volumes.</summary>
    public IEnumerable<(string Name, Volume Volume)> Volumes
    {
        get
        {
            foreach (var entry in _served.Entries.All)
            {
                if (entry is { Options.Clustered: true, Running: not null, Volume: { } volume })
                {
                    yield return (entry.Options.Name, volume);
                }
            }
        }
    }

    /// <summary>Whether a clustered share is served here.</summary>
    public bool IsServed(string name) => _served.Entries.Find(name)?.Running is not null;

    /// <summary>The server is a node of a cluster.</summary>
    /// <param name="elsewhere">Gives where a clustered share is while it is not here.</param>
    /// <param name="changed">Told when a clustered share was added, changed or removed.</param>
    public void Follow(Func<string, IDfsRoot> elsewhere, Action changed)
    {
        _elsewhere = elsewhere;
        _changed = changed;
        Show();
    }

    /// <summary>
    /// Serves a clustered share that this node has got; what clients have open on it is back by then. Several are opened beside each other; whoever
    /// calls does not work on this one at the same time.
    /// </summary>
    /// <returns>Whether there is still such a share, and it was not served yet.</returns>
    public async Task<bool> OpenAsync(string name, OwnedVolume owned, CancellationToken cancellationToken)
    {
        await _turn.WaitForOneAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_served.Running is not { } table || _served.Entries.Find(name) is not { Options.Clustered: true, Volume: null } entry)
            {
                return false;
            }

            entry.Volume = _served.Volumes.Rent(entry.Options, owned: owned);
            await _served.EnterAsync(table, entry).ConfigureAwait(false);
            entry.Owned = owned;
            return true;
        }
        finally
        {
            _turn.ReleaseOne();
        }
    }

    /// <summary>
    /// Serves a clustered share no more; it stays known. What clients have open was suspended before, or the share was fenced
    /// (<see cref="ShareTable.Fence"/>).
    /// </summary>
    public async Task CloseAsync(string name, CancellationToken cancellationToken)
    {
        await _turn.WaitForOneAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_served.Entries.Find(name) is { Options.Clustered: true, Volume: not null } entry)
            {
                await _served.LetGoAsync(entry).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.ReleaseOne();
        }
    }

    /// <summary>Makes the parts of clustered shares known, and forgets what is none any more. Quick when nothing has changed.</summary>
    public async ValueTask ShowPartsAsync(IReadOnlySet<SharePart> parts, CancellationToken cancellationToken)
    {
        if (_served.Entries.HasParts(parts))
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var entry in _served.Entries.PartsBut(parts))
            {
                await _served.TakeAwayAsync(entry.Options.Name).ConfigureAwait(false);
            }

            foreach (var part in parts)
            {
                if (_served.Entries.FindWhole(part) is { } whole && _served.Entries.Find(part.Name) is null)
                {
                    var options = whole.Options.Clone();
                    options.Name = part.Name;
                    options.Part = part;
                    _served.Entries.Set(_served.New(options, whole));
                }
            }

            Show();
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Show()
    {
        _known = _served.Entries.All.Where(static entry => entry.Options.Clustered)
            .ToDictionary(static entry => entry.Options.Name, WithoutFiles, StringComparer.OrdinalIgnoreCase);
        _changed?.Invoke();

        Share WithoutFiles(HostedShare entry)
        {
            var share = entry.Create(withFiles: false);
            share.Dfs = _elsewhere?.Invoke(share.Name);
            return share;
        }
    }
}
