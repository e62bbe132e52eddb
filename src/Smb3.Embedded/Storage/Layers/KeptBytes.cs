using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers;

/// <summary>
/// Sees to it that what a layer keeps in a store becomes neither too much nor too old: it is looked after beside what users do, at most once an
/// hour unless there is too much.
/// </summary>
/// <param name="store">The store that it is in.</param>
/// <param name="time">The clock.</param>
/// <param name="maxBytes">The most bytes; <see langword="null"/>: a tenth of the volume.</param>
/// <param name="what">What is kept, to tell an administrator of it.</param>
/// <param name="sweep">Deletes what is too old, and the oldest while there are more bytes than it is told: what is left, and what it could not delete.</param>
internal sealed class KeptBytes(
    IFileStore store, TimeProvider time, long? maxBytes, string what, Func<long, CancellationToken, Task<(long Left, int Failed)>> sweep)
    : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _end = new();
    private readonly Lock _sync = new();
    private Task _sweeping = Task.CompletedTask;
    private long? _swept;
    private long _bytes;
    private long _mostBytes = long.MaxValue;
    private volatile string? _problem;

    /// <summary>What an administrator should know.</summary>
    public string? Problem => _problem;

    /// <summary>Completes when nobody looks after it any more.</summary>
    public Task WhenLookedAfter
    {
        get
        {
            lock (_sync)
            {
                return _sweeping;
            }
        }
    }

    /// <summary>Looks after it when that is due. It goes on beside what the caller does.</summary>
    public void KeepBounds()
    {
        lock (_sync)
        {
            var isDue = _swept is not { } swept || time.GetElapsedTime(swept) > Pause || _bytes > _mostBytes;
            if (isDue && _sweeping.IsCompleted && !_end.IsCancellationRequested)
            {
                _swept = time.GetTimestamp();
                _sweeping = Task.Run(SweepAsync);
            }
        }
    }

    /// <summary>So many bytes have come, or gone.</summary>
    public void Count(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        KeepBounds();
    }

    /// <summary>The most bytes.</summary>
    public async ValueTask<long> GetMostBytesAsync(CancellationToken cancellationToken)
    {
        if (maxBytes is { } most)
        {
            return most;
        }

        var volume = await store.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        return volume is { Succeeded: true, Value.TotalBytes: > 0 } ? volume.Value.TotalBytes / 10 : long.MaxValue;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        Task sweeping;
        lock (_sync)
        {
            sweeping = _sweeping; // none begins after this
        }

        await sweeping.ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task SweepAsync()
    {
        try
        {
            var most = await GetMostBytesAsync(_end.Token).ConfigureAwait(false);
            var before = Interlocked.Read(ref _bytes);
            var (left, failed) = await sweep(most, _end.Token).ConfigureAwait(false);

            // What came meanwhile may have been counted by both: the next sweep knows.
            Interlocked.Add(ref _bytes, left - before);
            Interlocked.Exchange(ref _mostBytes, most);
            _problem = failed == 0 ? null
                : $"{what} keeps more than it should: {failed} files or folders in it cannot be read or deleted. "
                    + "Give the server's account the right to, or delete them.";
        }
        catch (OperationCanceledException)
        {
            // the store ends
        }
#pragma warning disable CA1031 // whatever a store throws, the next sweep may do better
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _problem = $"{what} could not be looked after: {exception.Message}";
        }
    }
}
