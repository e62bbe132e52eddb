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
        Entry? entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out entry))
            {
                _entries.Add(key, entry = new Entry());
            }

            entry.Uses++;
        }

        try
        {
            // Who wants the same files waits for who opens them, and nobody else.
            lock (entry.Opening)
            {
                if (entry.Opened is not { } opened)
                {
                    return (entry.Opened = Open(share, before, owned)).Volume;
                }

                Check(opened, share);
                return opened.Volume;
            }
        }
        catch
        {
            if (Leave(key) is { } unused)
            {
                _ = EndAsync(unused).AsTask(); // the share that had opened it went in the meantime
            }

            throw;
        }
    }

    public ValueTask ReturnAsync(SmbShareOptions share) => Leave(KeyOf(share)) is { } unused ? EndAsync(unused) : default;

    /// <summary>One share less wants some files.</summary>
    /// <returns>What was opened of them, when that was the last one.</returns>
    private Opened? Leave(object key)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(key, out var entry) && --entry.Uses == 0 && _entries.Remove(key) ? entry.Opened : null;
        }
    }

    private static async ValueTask EndAsync(Opened unused)
    {
        if (unused.Volume.Options.Journal is { } journal)
        {
            // Whoever opens the volume next takes its state over.
            _ = await journal.EndAsync().ConfigureAwait(false);
        }

        // A store that belongs to another server now is left as it is.
        if (unused is { OwnsStore: true, Volume.Fence.IsUp: false })
        {
            await StoreDisposal.DisposeAsync(unused.Store).ConfigureAwait(false);
        }
    }

    private Opened Open(SmbShareOptions share, IPlacedStore? before, OwnedVolume? owned)
    {
        // The host's own store may still be on what was at its place in an earlier run.
        before ??= share.Store is IPlacedStore own && own.CheckPlace() == StorePlace.Replaced ? own : null;
        var store = before?.OpenAgain() ?? share.Store ?? StoreFactory.Open(share, options.Logger);
        try
        {
            CheckAbilities(store, share);
            return new Opened(new Volume(TakePart(store, share, owned), OptionsOf(share, owned)), store, share);
        }
        catch when (store != share.Store)
        {
            _ = StoreDisposal.DisposeAsync(store).AsTask(); // nothing waits for a store that nobody has used
            throw;
        }
    }

    /// <summary>Whether a share may use files that another one has opened.</summary>
    private static void Check(Opened opened, SmbShareOptions share)
    {
        var first = opened.First;
        if (first.Clustered || share.Clustered)
        {
            throw new SmbServerStartException(
                $"Share '{share.Name}': share '{first.Name}' has the same folder or store; a clustered share has its files to itself.");
        }

        if (first.Store is null && (first.Snapshots != share.Snapshots || first.Posix != share.Posix || first.Quotas != share.Quotas))
        {
            throw new SmbServerStartException(
                $"Share '{share.Name}': share '{first.Name}' of the same folder has other snapshots, another Posix or another Quotas; "
                    + "give both the same.");
        }

        var other = first.LocalPrograms != share.LocalPrograms ? nameof(share.LocalPrograms)
            : first.MacSupport != share.MacSupport ? nameof(share.MacSupport)
            : first.IsContinuous != share.IsContinuous ? nameof(share.ContinuouslyAvailable)
            : first.AnswersFromCache != share.AnswersFromCache ? nameof(share.WriteCache) : null;
        if (other is not null)
        {
            throw new SmbServerStartException(
                $"Share '{share.Name}': share '{first.Name}' of the same folder or store has another {other}; give both the same.");
        }

        CheckAbilities(opened.Store, share);
    }

    /// <summary>Whether a store can do what a share is to have.</summary>
    private static void CheckAbilities(IFileStore store, SmbShareOptions share)
    {
        if (share.Posix && !store.Traits.Has(StoreAbilities.PosixModes | StoreAbilities.CaseSensitive))
        {
            throw new SmbServerStartException(
                $"Share '{share.Name}': its store has no permission bits or is not case-sensitive; clear Posix, or use another store.");
        }

        if (share.Quotas && !store.Traits.Has(StoreAbilities.Quotas))
        {
            throw new SmbServerStartException(
                $"Share '{share.Name}': its store has no quotas (of folders, only those on Linux and on a file system with extended "
                    + "attributes have); clear Quotas, or use another store.");
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
            CountsFolders = owned is { CountsFolders: true } && share.Part is null,
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

    /// <summary>Files that shares use, or want to.</summary>
    private sealed class Entry
    {
        /// <summary>Held by who opens them.</summary>
        public Lock Opening { get; } = new();

        /// <summary>What became of that; <see langword="null"/>: they are not open yet.</summary>
        public Opened? Opened { get; set; }

        public int Uses { get; set; }
    }

    /// <param name="volume">The volume.</param>
    /// <param name="store">The store itself; the volume reaches it through its fence.</param>
    /// <param name="first">The share that it was opened for.</param>
    private sealed class Opened(Volume volume, IFileStore store, SmbShareOptions first)
    {
        public Volume Volume { get; } = volume;

        public IFileStore Store { get; } = store;

        public SmbShareOptions First { get; } = first;

        public bool OwnsStore => !ReferenceEquals(First.Store, Store);
    }
}
