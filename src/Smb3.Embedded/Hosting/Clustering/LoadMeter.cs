using System.Collections.ObjectModel;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Files;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>What a share, or a folder of it, carries.</summary>
/// <param name="Opens">Open files.</param>
/// <param name="BytesPerSecond">Bytes read and written, as a mean over <see cref="LoadMeter.Window"/>, or since it is served here.</param>
internal readonly record struct ShareLoad(long Opens, long BytesPerSecond)
{
    public static ShareLoad operator +(ShareLoad one, ShareLoad other) => new(one.Opens + other.Opens, one.BytesPerSecond + other.BytesPerSecond);
}

/// <summary>
/// Measures what the clustered shares that are served here carry, whenever the lease is renewed: it reads what their volumes have counted.
/// </summary>
/// <param name="volumes">The shares that are served here.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadMeter(Func<IEnumerable<(string Share, Volume Volume)>> volumes, TimeProvider time)
{
    /// <summary>Over what time bytes are counted.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private Dictionary<string, Series> _series = new(StringComparer.OrdinalIgnoreCase);
    private volatile IReadOnlyDictionary<string, ShareLoad> _shares = ReadOnlyDictionary<string, ShareLoad>.Empty;

    /// <summary>The shares that were served here when it was last measured.</summary>
    public IReadOnlyDictionary<string, ShareLoad> Shares => _shares;

    /// <summary>What was in the folders of a share when it was last measured, in each with all below it; none: that is not counted.</summary>
    public IReadOnlyDictionary<string, ShareLoad> FoldersOf(string share)
    {
        lock (_gate)
        {
            return _series.GetValueOrDefault(share)?.Folders ?? [];
        }
    }

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
                loads[share] = one.Measure(now, time);
            }

            _series = series;
            _shares = loads;
            return new ClusterLoad(loads.Values.Sum(static load => load.Opens), loads.Values.Sum(static load => load.BytesPerSecond));
        }
    }

    /// <summary>What the volume of a share has counted.</summary>
    private sealed class Series(Volume volume)
    {
        private readonly ByteRate _rate = new();
        private Dictionary<FolderLoad, ByteRate> _rates = [];

        public Volume Volume { get; } = volume;

        /// <summary>What is in its folders; replaced with each measuring.</summary>
        public Dictionary<string, ShareLoad> Folders { get; private set; } = [];

        public ShareLoad Measure(long now, TimeProvider time)
        {
            if (Volume.Folders is { } folders)
            {
                MeasureFolders(folders, now, time);
            }

            return new ShareLoad(Volume.OpenCount, _rate.Measure(Volume.Statistics.Bytes, now, time));
        }

        private void MeasureFolders(FolderLoads folders, long now, TimeProvider time)
        {
            var rates = new Dictionary<FolderLoad, ByteRate>();
            var loads = new Dictionary<string, ShareLoad>(StringComparer.FromComparison(Volume.NameComparison));
            foreach (var folder in folders.All)
            {
                var rate = _rates.GetValueOrDefault(folder) ?? new ByteRate();
                var load = new ShareLoad(folder.Opens, rate.Measure(folder.Bytes, now, time));
                if (load == default && _rates.ContainsKey(folder))
                {
                    folders.Forget(folder);
                    continue;
                }

                rates.Add(folder, rate);
                for (var path = new Storage.StorePath(folder.Folder); !path.IsRoot; path = path.Parent)
                {
                    loads[path.Text] = loads.GetValueOrDefault(path.Text) + load;
                }
            }

            (_rates, Folders) = (rates, loads);
        }
    }
}
