using Smb3.Embedded.Nt;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>The times of which there are versions, as the folder of times has them.</summary>
internal sealed class VersionTimes(IFileStore store, VersionPlace place)
{
    private readonly AsyncMutex _turn = new();
    private readonly SortedSet<DateTimeOffset> _times = [];
    private bool _isKnown;

    /// <summary>All times, the oldest first.</summary>
    public async ValueTask<NtResult<IReadOnlyList<DateTimeOffset>>> ListAsync(CancellationToken cancellationToken)
    {
        using var turn = await _turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        var status = await LearnAsync(cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? new NtResult<IReadOnlyList<DateTimeOffset>>([.. _times]) : status;
    }

    /// <summary>There is going to be a version of a time.</summary>
    public async ValueTask<NtStatus> AddAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        using var turn = await _turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        var status = await LearnAsync(cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success || _times.Contains(time))
        {
            return status;
        }

        var made = await store.CreateAsync(place.Times.Append(VersionPlace.NameOf(time)), default, cancellationToken).ConfigureAwait(false);
        if (made.Succeeded)
        {
            await made.Value.DisposeAsync().ConfigureAwait(false);
        }
        else if (made.Status != NtStatus.ObjectNameCollision)
        {
            return made.Status;
        }

        _times.Add(time);
        return NtStatus.Success;
    }

    /// <summary>Forgets the times before one.</summary>
    /// <returns>How many could not be forgotten.</returns>
    public async ValueTask<int> RemoveBeforeAsync(DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        using var turn = await _turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        _isKnown = false; // what another server has added shows
        if (await LearnAsync(cancellationToken).ConfigureAwait(false) != NtStatus.Success)
        {
            return 1;
        }

        var failed = 0;
        foreach (var time in _times.TakeWhile(time => time < oldest).ToList())
        {
            var status = await store.DeleteAsync(place.Times.Append(VersionPlace.NameOf(time)), cancellationToken).ConfigureAwait(false);
            if (status is NtStatus.Success or NtStatus.ObjectNameNotFound)
            {
                _times.Remove(time);
            }
            else
            {
                failed++;
            }
        }

        return failed;
    }

    private async ValueTask<NtStatus> LearnAsync(CancellationToken cancellationToken)
    {
        if (_isKnown)
        {
            return NtStatus.Success;
        }

        var status = NtStatus.Success;
        _times.Clear();
        await foreach (var entry in FolderEntries.ListAsync(store, place.Times, failed => status = failed, cancellationToken).ConfigureAwait(false))
        {
            if (VersionPlace.TryParse(entry.Name, out var time))
            {
                _times.Add(time);
            }
        }

        _isKnown = status == NtStatus.Success;
        return status;
    }
}
