using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// The short names of the directories that were asked for them last. A table is made when it is asked for, and made anew after a while when the
/// directory has changed, which its last-write time tells.
/// </summary>
internal sealed class ShortNameTables(IFileStore store, TimeProvider time, StringComparer comparer)
{
    private const int Capacity = 64;
    private const int BatchSize = 64;

    /// <summary>A change may have the same time as the one before it; a directory that has been quiet for so long tells of the next.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    /// <summary>How long a table will do although the directory may have changed, so that it is not listed for each of its files.</summary>
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(10);

    private readonly Lock _sync = new();
    private readonly Dictionary<string, Known> _known = new(comparer);
    private readonly Queue<string> _order = new();
    private readonly AsyncMutex _giving = new();

    /// <summary>The table of a directory; <see langword="null"/> when it cannot be listed.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="isFresh">Whether names that have come or gone just now matter.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<ShortNameTable?> GetAsync(StorePath directory, bool isFresh, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(directory, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return null;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded || !metadata.Value.IsDirectory)
        {
            return null;
        }

        var found = Recall(directory);
        var now = FileTime.From(time.GetUtcNow());
        if (found is { } known && known.FileId == metadata.Value.FileId && (IsCurrent(known, metadata.Value.LastWriteTime) || (!(isFresh && !known.Table.IsTooLarge) && IsGood(known, now))))
        {
            return known.Table;
        }

        var former = found?.FileId == metadata.Value.FileId ? found?.Table : null;
        var table = await ListAsync(handle, former, cancellationToken).ConfigureAwait(false);
        if (table is not null)
        {
            Remember(directory, new Known(table, metadata.Value.FileId, metadata.Value.LastWriteTime, now));
        }

        return table;
    }

    /// <summary>Gives a file a short name, or none when it is empty (MS-FSCC 2.4.44). The caller has its turn at both names.</summary>
    public async ValueTask<NtStatus> GiveAsync(StorePath path, string shortName, CancellationToken cancellationToken)
    {
        using var turn = await _giving.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (await GetAsync(path.Parent, isFresh: true, cancellationToken).ConfigureAwait(false) is not { } table)
        {
            return NtStatus.AccessDenied;
        }

        var name = path.Name.ToString();
        if (shortName.Length > 0 && table.Find(shortName) is { } other && !comparer.Equals(other, name))
        {
            return NtStatus.ObjectNameCollision;
        }

        var status = await ChangeAsync(path.Parent, given => given.Give(name, shortName), cancellationToken).ConfigureAwait(false);
        lock (_sync)
        {
            if (_known.TryGetValue(path.Parent.Text, out var known))
            {
                _known[path.Parent.Text] = known with { Written = default, At = default }; // all others keep theirs
            }

            AnyWithoutTilde |= IsWithoutTilde(shortName);
        }

        return status;
    }

    /// <summary>
    /// Whether a short name that has been given is without a tilde, so that any name in a path may be one. After a restart that is not known
    /// before the directory has been asked for its short names: nothing else is to be looked up for every CREATE.
    /// </summary>
    public bool AnyWithoutTilde { get; private set; }

    private async ValueTask<GivenShortNames?> ReadGivenAsync(IStoreFile directory, CancellationToken cancellationToken)
    {
        var kept = directory is IShortNameDirectory names
            ? await names.GetShortNamesAsync(cancellationToken).ConfigureAwait(false) : ReadOnlyMemory<byte>.Empty;
        if (!kept.Succeeded || kept.Value.IsEmpty)
        {
            return null;
        }

        var given = GivenShortNames.Read(kept.Value.Span);
        AnyWithoutTilde |= given.All.Any(static pair => IsWithoutTilde(pair.Value));
        return given;
    }

    private async ValueTask<NtStatus> ChangeAsync(StorePath directory, Action<GivenShortNames> change, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(directory, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        if (handle is not IShortNameDirectory names)
        {
            return NtStatus.ShortNamesNotEnabledOnVolume;
        }

        var given = await ReadGivenAsync(handle, cancellationToken).ConfigureAwait(false) ?? GivenShortNames.Read([]);
        foreach (var (name, _) in given.All.ToList())
        {
            var file = await store.OpenAsync(directory.Append(name), StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
            if (file.Succeeded)
            {
                await file.Value.DisposeAsync().ConfigureAwait(false);
            }
            else if (file.Status == NtStatus.ObjectNameNotFound)
            {
                given.Forget(name);
            }
        }

        change(given);
        return await names.SetShortNamesAsync(given.Write(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The short name that a client may know of a name; <see langword="null"/>: none has been told.</summary>
    public string? Recall(StorePath parent, string name) =>
        Recall(parent)?.Table is { } table ? table.IsTooLarge ? table.Of(name) : table.Recall(name) : null;

    private static bool IsWithoutTilde(string shortName) => shortName.Length > 0 && !shortName.Contains('~', StringComparison.Ordinal);

    private static bool IsCurrent(in Known known, FileTime written) =>
        known.Written == written && known.At.Ticks - written.Ticks > Quiet.Ticks;

    private static bool IsGood(in Known known, FileTime now) => now.Ticks - known.At.Ticks is >= 0 and var age && age < GoodFor.Ticks;

    private async ValueTask<ShortNameTable?> ListAsync(IStoreFile directory, ShortNameTable? former, CancellationToken cancellationToken)
    {
        var listed = await directory.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return null;
        }

        var listing = listed.Value;
        await using var listingUse = listing.ConfigureAwait(false);
        var entries = new List<StoreEntry>();
        var batch = new StoreEntry[BatchSize];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = await listing.ReadAsync(batch, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return null;
            }

            if (read.Value == 0)
            {
                return ShortNameTable.Create(
                    entries,
                    await ReadGivenAsync(directory, cancellationToken).ConfigureAwait(false),
                    former is { IsTooLarge: false } ? former : null);
            }

            if (entries.Count + read.Value > ShortNameTable.Capacity)
            {
                return ShortNameTable.TooLarge;
            }

            entries.AddRange(batch.AsSpan(0, read.Value));
        }
    }

    private Known? Recall(StorePath directory)
    {
        lock (_sync)
        {
            return _known.TryGetValue(directory.Text, out var known) ? known : null;
        }
    }

    private void Remember(StorePath directory, Known known)
    {
        lock (_sync)
        {
            if (_known.TryAdd(directory.Text, known))
            {
                _order.Enqueue(directory.Text);
                if (_order.Count > Capacity)
                {
                    _known.Remove(_order.Dequeue());
                }
            }
            else
            {
                _known[directory.Text] = known;
            }
        }
    }

    private readonly record struct Known(ShortNameTable Table, ulong FileId, FileTime Written, FileTime At);
}
