using System.Collections.Frozen;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Files;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>What a share carries.</summary>
/// <param name="Opens">Open files.</param>
/// <param name="BytesPerSecond">Bytes read and written, as a mean over <see cref="LoadMeter.Window"/>, or since it is served here.</param>
internal readonly record struct ShareLoad(long Opens, long BytesPerSecond);

/// <summary>
/// Measures what the clustered shares that are served here carry, whenever the lease is renewed: it reads what their volumes have counted.
/// </summary>
/// <param name="volumes">The shares that are served here.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadMeter(Func<IEnumerable<(string Share, Volume Volume)>> volumes, TimeProvider time)
{
    /// <summary>Over what time bytes are counted.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>What was counted less than this ago is not noted anew, so that a series has a bound however often it is measured.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Dictionary<string, Series> _series = new(StringComparer.OrdinalIgnoreCase);
    private volatile FrozenDictionary<string, ShareLoad> _shares = FrozenDictionary<string, ShareLoad>.Empty;

    /// <summary>The shares that were served here when it was last measured.</summary>
    public IReadOnlyDictionary<string, ShareLoad> Shares => _shares;

    /// <summary>Measures.</summary>
    /// <returns>What they carry together.</returns>
    public ClusterLoad Measure()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var series = new Dictionary<string, Series>(StringComparer.OrdinalIgnoreCase);
            var loads = new Dictionary<string, ShareLoad>(StringComparer.OrdinalIgnoreCase);
            foreach (var (share, volume) in volumes())
            {
                // One that was away in the meantime has a new volume, which counts from the start.
                var one = _series.GetValueOrDefault(share) is { } known && known.Volume == volume ? known : new Series(volume);
                series[share] = one;
                loads[share] = new ShareLoad(volume.OpenCount, one.Measure(now, time));
            }

            _series = series;
            _shares = loads.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
            return new ClusterLoad(loads.Values.Sum(static load => load.Opens), loads.Values.Sum(static load => load.BytesPerSecond));
        }
    }

    /// <summary>What the volume of a share had counted, and when.</summary>
    private sealed class Series(Volume volume)
    {
        private readonly Queue<(long At, long Bytes)> _counts = [];
        private long _last;

        public Volume Volume { get; } = volume;

        public long Measure(long now, TimeProvider time)
        {
            var bytes = Volume.Statistics.Bytes;
            if (_counts.Count == 0 || time.GetElapsedTime(_last, now) >= Resolution)
            {
                _counts.Enqueue((now, bytes));
                _last = now;
            }

            // The oldest is at least as old as the window, as soon as there is such a one.
            while (_counts.Count > 1 && time.GetElapsedTime(_counts.ElementAt(1).At, now) >= Window)
            {
                _counts.Dequeue();
            }

            var (at, before) = _counts.Peek();
            var passed = time.GetElapsedTime(at, now).TotalSeconds;
            return passed > 0 ? (long)((bytes - before) / passed) : 0;
        }
    }
}
