using System.Collections.Concurrent;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>
/// How much room the shares have, as it was last heard: stores are asked now and then, and nobody waits for one that takes long.
/// </summary>
internal sealed class MonitorSpaces(SmbShareCollection shares, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, SmbShareSpace> _known = new(StringComparer.OrdinalIgnoreCase);
    private Task _asking = Task.CompletedTask;
    private long? _asked;

    public IReadOnlyDictionary<string, SmbShareSpace> Of(IReadOnlyList<SmbShareInfo> now)
    {
        if (_asking.IsCompleted && (_asked is not { } asked || time.GetElapsedTime(asked) >= Period))
        {
            _asked = time.GetTimestamp();
            _asking = Task.Run(() => AskAsync(now));
        }

        return _known;
    }

    private async Task AskAsync(IReadOnlyList<SmbShareInfo> now)
    {
        foreach (var gone in _known.Keys.Except(now.Select(static share => share.Name), StringComparer.OrdinalIgnoreCase))
        {
            _known.TryRemove(gone, out _);
        }

        foreach (var share in now)
        {
            try
            {
                if (await shares.MeasureSpaceAsync(share.Name).ConfigureAwait(false) is { } space)
                {
                    _known[share.Name] = space;
                }
                else
                {
                    _known.TryRemove(share.Name, out _);
                }
            }
            catch (Exception)
            {
                _known.TryRemove(share.Name, out _); // a store's own trouble; who works with the share hears of it
            }
        }
    }
}
