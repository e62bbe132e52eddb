using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Versions;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The snapshots of a volume. Each is a read-only volume of its own; it is made on first use, and forgotten when the store no longer has
/// the snapshot.
/// </summary>
internal sealed class PreviousVersions(IFileStore store, VolumeOptions options, StoreFence fence, IoStatistics statistics)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<FileTime, Volume> _volumes = [];

    /// <summary>The snapshots of the volume.</summary>
    public StoreFence Fence { get; } = fence;

    /// <summary>Counts what is read from them.</summary>
    public IoStatistics Statistics { get; } = statistics;

    private ISnapshotStore? Source { get; } = store.Traits.Has(StoreAbilities.Snapshots) ? store as ISnapshotStore : null;

    /// <summary>The times of all snapshots, the newest first; none if the store has no snapshots.</summary>
    public async ValueTask<NtResult<IReadOnlyList<FileTime>>> ListAsync(CancellationToken cancellationToken)
    {
        if (Source is null)
        {
            return NoTimes();
        }

        if (Fence.IsUp)
        {
            return NtStatus.NetworkNameDeleted;
        }

        var listed = await Source.ListSnapshotsAsync(cancellationToken).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return listed.Status;
        }

        var times = new SortedSet<FileTime>(Comparer<FileTime>.Create(static (left, right) => right.Ticks.CompareTo(left.Ticks)));
        foreach (var time in listed.Value)
        {
            times.Add(VersionTime.ToSeconds(FileTime.From(time)));
        }

        lock (_sync)
        {
            foreach (var time in _volumes.Keys)
            {
                if (!times.Contains(time))
                {
                    _volumes.Remove(time); // remaining opens keep it
                }
            }
        }

        return new NtResult<IReadOnlyList<FileTime>>([.. times]);
    }

    /// <summary>The volume as it was; OBJECT_NAME_NOT_FOUND if there is no snapshot of that time.</summary>
    public async ValueTask<NtResult<Volume>> OpenAsync(FileTime time, CancellationToken cancellationToken)
    {
        if (Source is null || time.Ticks <= 0)
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (Fence.IsUp)
        {
            return NtStatus.NetworkNameDeleted;
        }

        time = VersionTime.ToSeconds(time);
        var opened = await Source.OpenSnapshotAsync(time.ToDateTimeOffset(), cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        lock (_sync)
        {
            if (!_volumes.TryGetValue(time, out var volume) || !volume.IsOn(opened.Value))
            {
                _volumes[time] = volume = new Volume(opened.Value, options, this);
            }

            return volume;
        }
    }

    private static NtResult<IReadOnlyList<FileTime>> NoTimes() => new([]);
}
