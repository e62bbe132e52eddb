using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Parts;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>
/// The volumes behind the shares. Shares on one folder, or on one store, use one volume, so that they see each other's opens and locks;
/// a store that was opened here is disposed with the last share that used it.
/// </summary>
/// <param name="options">What all volumes have in common.</param>
/// <param name="state">Where the opens of continuously available shares are kept.</param>
/// <param name="fenced">Told the name of a share whose opens were taken over by another server.</param>
internal sealed class VolumeTable(VolumeOptions options, IStateStore? state = null, Action<string>? fenced = null)
{
    /// <summary>The scope within the state of a clustered share, whose folder may have another path on each node.</summary>
    private const string OwnedScope = "opens";

    private readonly Lock _gate = new();
    private readonly Dictionary<object, Entry> _entries = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <param name="share">The share.</param>
    /// <param name="before">The store that the share had until its place changed; null: it is opened for the first time.</param>
    /// <param name="owned">On what terms the files of a clustered share are had.</param>
    /// <exception cref="SmbServerStartException">The folder cannot be used.</exception>
    public Volume Rent(SmbShareOptions share, IPlacedStore? before = null, OwnedVolume? owned = null)
    {
        var key = KeyOf(share);
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                // The host's own store may still be on what was at its place in an earlier run.
                before ??= share.Store is IPlacedStore own && own.CheckPlace() == StorePlace.Replaced ? own : null;
                var store = before?.OpenAgain() ?? share.Store ?? StoreFactory.Open(share, options.Logger);
                entry = new Entry(new Volume(TakePart(store, share, owned), OptionsOf(share, owned)), store, share);
                _entries.Add(key, entry);
            }

            if ((entry.First.Clustered || share.Clustered) && entry.Uses > 0)
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': share '{entry.First.Name}' has the same folder or store; a clustered share has its files to itself.");
            }

            if (entry.First.Store is null && (entry.First.Snapshots != share.Snapshots || entry.First.Posix != share.Posix || entry.First.Quotas != share.Quotas))
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': share '{entry.First.Name}' of the same folder has other snapshots, another Posix or another Quotas; "
                        + "give both the same.");
            }

            if (entry.First.LocalPrograms != share.LocalPrograms)
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': share '{entry.First.Name}' of the same folder or store has another LocalPrograms; give both the "
                        + "same.");
            }

            if (entry.First.MacSupport != share.MacSupport)
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': share '{entry.First.Name}' of the same folder or store has another MacSupport; give both the same.");
            }

            if (entry.First.IsContinuous != share.IsContinuous)
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': share '{entry.First.Name}' of the same folder or store has another ContinuouslyAvailable; give "
                        + "both the same.");
            }

            if (entry.First.AnswersFromCache != share.AnswersFromCache)
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': share '{entry.First.Name}' of the same folder or store has another WriteCache; give both the same.");
            }

            if (share.Posix && !entry.Volume.Store.Traits.Has(StoreAbilities.PosixModes | StoreAbilities.CaseSensitive))
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': its store has no permission bits or is not case-sensitive; clear Posix, or use another store.");
            }

            if (share.Quotas && !entry.Volume.Store.Traits.Has(StoreAbilities.Quotas))
            {
                throw new SmbServerStartException(
                    $"Share '{share.Name}': its store has no quotas (of folders, only those on Linux and on a file system with extended "
                        + "attributes have); clear Quotas, or use another store.");
            }

            entry.Uses++;
            return entry.Volume;
        }
    }

    public async ValueTask ReturnAsync(SmbShareOptions share)
    {
        var key = KeyOf(share);
        Entry? unused = null;
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var entry) && --entry.Uses == 0)
            {
                _entries.Remove(key);
                unused = entry;
            }
        }

        if (unused?.Volume.Options.Journal is { } journal)
        {
            // Whoever opens the volume next takes its state over.
            _ = await journal.EndAsync().ConfigureAwait(false);
        }

        // A store that belongs to another server now is left as it is.
        if (unused is { OwnsStore: true, Volume.Fence.IsUp: false })
        {
            await DisposeAsync(unused.Store).ConfigureAwait(false);
        }
    }

    private VolumeOptions OptionsOf(SmbShareOptions share, OwnedVolume? owned)
    {
        var fence = new StoreFence(owned?.Lease);
        return options with
        {
            Name = share.Folder ?? share.Name,
            NoticesLocalPrograms = share.LocalPrograms != SmbLocalPrograms.Ignored,
            HoldsLocalPrograms = share.LocalPrograms == SmbLocalPrograms.Awaited,
            WritesThrough = !share.AnswersFromCache,
            ServesMacs = share.MacSupport,
            Lease = owned?.Lease,
            Fence = fence,
            Journal = owned is not null
                ? new StateJournal(owned.State, JournalOf(share, fence) with { Scope = OwnedScope, Fenced = owned.Fenced })
                : share.ContinuouslyAvailable && state is not null ? new StateJournal(state, JournalOf(share, fence)) : null,
        };
    }

    private JournalOptions JournalOf(SmbShareOptions share, StoreFence fence) => new()
    {
        Fence = fence,
        Scope = ScopeOf(share),
        Name = share.Folder ?? share.Name,
        Time = options.Time,
        Logger = options.Logger,
        Metrics = options.Metrics,
        Fenced = () => fenced?.Invoke(share.Name),
    };

    /// <summary>
    /// The scope in which the opens of a folder are kept. It stays the same whichever shares the folder has; a store of the host has no other
    /// name than that of its first share.
    /// </summary>
    private static string ScopeOf(SmbShareOptions share)
    {
        const int LongestPath = 200;
        if (share.Store is not null)
        {
            return "share:" + share.Name.ToUpperInvariant();
        }

        var path = (string)PlaceOf(share);
        return "folder:" + (path.Length <= LongestPath && path.IsNormalized()
            ? path : Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(path.AsSpan()))));
    }

    /// <summary>What of a store the share has.</summary>
    private static IFileStore TakePart(IFileStore store, SmbShareOptions share, OwnedVolume? owned) =>
        share.Part is null && owned is not { Parts.Count: > 0 } ? store
        : PartStore.Of(store, new Territory(
            new StorePath(share.Part?.Folder ?? string.Empty),
            [.. owned?.Parts.Select(static folder => new StorePath(folder)) ?? []],
            store.Traits.Has(StoreAbilities.CaseSensitive) ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase));

    private static object KeyOf(SmbShareOptions share) => share.Part is { } part ? (PlaceOf(share), part.Name) : PlaceOf(share);

    /// <summary>A store in memory belongs to its share alone.</summary>
    private static object PlaceOf(SmbShareOptions share) =>
        share.Store is { } store ? store
        : share.Folder!.Equals(SmbShareOptions.Memory, StringComparison.OrdinalIgnoreCase) ? share
        : Path.TrimEndingDirectorySeparator(Path.GetFullPath(share.Folder));

    private static async ValueTask DisposeAsync(IFileStore store)
    {
        switch (store)
        {
            case IAsyncDisposable asynchronous:
                await asynchronous.DisposeAsync().ConfigureAwait(false);
                break;
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }
    }

    private sealed class Entry(Volume volume, IFileStore store, SmbShareOptions first)
    {
        public Volume Volume { get; } = volume;

        /// <summary>The store itself; the volume reaches it through its fence.</summary>
        public IFileStore Store { get; } = store;

        /// <summary>The share that it was opened for.</summary>
        public SmbShareOptions First { get; } = first;

        public bool OwnsStore => !ReferenceEquals(First.Store, Store);

        public int Uses { get; set; }
    }
}
