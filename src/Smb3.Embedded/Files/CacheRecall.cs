using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// Asks clients to give up what they cache of a folder and of all in it, after writing it back, and grants nothing there until it is disposed.
/// What is open stays open. One at a time for a volume.
/// </summary>
internal sealed class CacheRecall : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Volume _volume;
    private readonly StorePath _folder;

    private CacheRecall(Volume volume, StorePath folder)
    {
        _volume = volume;
        _folder = folder;
    }

    /// <summary>Begins; <see langword="null"/>: another one is under way.</summary>
    public static CacheRecall? TryBegin(Volume volume, StorePath folder)
    {
        var recall = new CacheRecall(volume, folder);
        return volume.TryRecall(recall) ? recall : null;
    }

    /// <summary>Whether a path is the folder, or in it.</summary>
    public bool Covers(StorePath path) => _volume.SamePath(path, _folder) || path.IsBelow(_folder, _volume.NameComparison);

    /// <summary>What an open is granted of what it asks for.</summary>
    public CachingRequest? Limit(CachingRequest? wish, StorePath path) =>
        wish is not null && Covers(path) ? wish with { State = CacheState.None } : wish;

    /// <summary>
    /// Completes when no client caches anything there that it would have to write back or close, or when clients have had their time to
    /// answer. Who is connected and has not answered by then has lost it (MS-SMB2 3.3.2.5); who is away is asked when it is back.
    /// </summary>
    /// <returns>Whether nothing is left that has to be written back.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        var time = _volume.Options.Time;
        var began = time.GetTimestamp();
        while (Revoke() is var left and not CacheState.None)
        {
            if (time.GetElapsedTime(began) > _volume.Options.BreakTimeout + Pause)
            {
                return (left & CacheState.Write) == 0;
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _volume.EndRecall(this);

    /// <summary>Asks those who have not been asked yet: also who was being granted something when it began.</summary>
    /// <returns>What is worth waiting for: writes, and handles of clients that are there to close them.</returns>
    private CacheState Revoke()
    {
        var left = CacheState.None;
        foreach (var open in _volume.GetOpens())
        {
            if (open.Grant is { } grant && Covers(open.Path))
            {
                _ = grant.File.Caching.Revoke(grant);
                left |= grant.Show().State & (open.IsAwaited ? CacheState.Write : CacheState.Write | CacheState.Handle);
            }
        }

        return left;
    }
}
