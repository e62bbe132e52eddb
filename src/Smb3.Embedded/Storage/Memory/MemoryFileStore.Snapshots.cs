using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

// Snapshots: the tree of names is copied; the data is shared until it is written.
public sealed partial class MemoryFileStore
{
    private readonly SortedDictionary<DateTimeOffset, MemoryFileStore> _snapshots = [];

    /// <summary>Creates a snapshot of <paramref name="source"/>, whose lock on names is held.</summary>
    private MemoryFileStore(MemoryFileStore source)
    {
        _options = source._options;
        _space = source._space;
        _created = source._created;
        _lastId = source._lastId;
        _root = MemoryTreeCopy.Make(source._root, _space);
        Traits = source.Traits with
        {
            Abilities = (source.Traits.Abilities & ~(StoreAbilities.Snapshots | StoreAbilities.Quotas)) | StoreAbilities.ReadOnly,
        };
    }

    /// <summary>
    /// Keeps the present content of the store as a previous version that clients can browse. Names are copied; data takes up space only
    /// when it is changed later. Changes of names wait in the meantime; a write in progress may be included in part.
    /// </summary>
    /// <returns>The time of the snapshot: now in whole seconds, or later when there is already one of that time.</returns>
    /// <exception cref="IOException">The store has no room for the copies of the names.</exception>
    public DateTimeOffset TakeSnapshot()
    {
        if (Traits.Has(StoreAbilities.ReadOnly))
        {
            throw new InvalidOperationException("This store is a snapshot itself.");
        }

        lock (_names)
        {
            var now = ToSeconds(_options.Time.GetUtcNow());
            while (_snapshots.ContainsKey(now))
            {
                now = now.AddSeconds(1);
            }

            var snapshot = new MemoryFileStore(this);
            if (_space.Free < 0)
            {
                MemoryTreeCopy.Release(snapshot._root);
                throw new IOException("The store is full: there is no room for a snapshot.");
            }

            _snapshots.Add(now, snapshot);
            return now;
        }
    }

    /// <summary>Removes a snapshot. Files that are open in it stay until they are closed.</summary>
    /// <param name="time">The time of the snapshot.</param>
    /// <returns>Whether there was one.</returns>
    public bool DeleteSnapshot(DateTimeOffset time)
    {
        MemoryFileStore? snapshot;
        lock (_names)
        {
            if (!_snapshots.Remove(ToSeconds(time), out snapshot))
            {
                return false;
            }
        }

        lock (snapshot._names)
        {
            MemoryTreeCopy.Release(snapshot._root);
        }

        return true;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<DateTimeOffset>>> ListSnapshotsAsync(CancellationToken cancellationToken)
    {
        lock (_names)
        {
            return new(new NtResult<IReadOnlyList<DateTimeOffset>>([.. _snapshots.Keys]));
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IFileStore>> OpenSnapshotAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        lock (_names)
        {
            return new(_snapshots.TryGetValue(ToSeconds(time), out var snapshot) ? snapshot : NtStatus.ObjectNameNotFound);
        }
    }

    private static DateTimeOffset ToSeconds(DateTimeOffset time) => time.ToUniversalTime().AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond));
}
