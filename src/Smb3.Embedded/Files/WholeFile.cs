using Smb3.Embedded.Files.Locking;

namespace Smb3.Embedded.Files;

/// <summary>
/// What the streams of an open file have in common: names and times, and which of them is its data. A stream that is renamed to no name
/// becomes the data, and the data that gets a name becomes a stream; each takes along its opens with all that belongs to them.
/// </summary>
internal sealed class WholeFile(VisibleTimes times)
{
    private volatile FileObject? _data;
    private Remakings? _remakings;

    /// <summary>The lock of all streams, which guards what changes here too, except where stated otherwise.</summary>
    public Lock Sync { get; } = new();

    /// <summary>The times that handles see while they differ from the store's.</summary>
    public VisibleTimes Times { get; } = times;

    /// <summary>The stream without a name; a directory itself. Changed with the lock and that of the volume's table held, read without.</summary>
    public FileObject Data
    {
        get => _data!;
        set => _data = value;
    }

    /// <summary>The names by which the file is open.</summary>
    public List<FileLink> Links { get; } = [];

    /// <summary>The named streams that are open.</summary>
    public List<FileObject> Streams { get; } = [];

    /// <summary>How many named streams there are in the volume's table. Guarded by that table's lock.</summary>
    public int StreamCount { get; set; }

    /// <summary>
    /// Completes when the data has become a stream, or a stream the data, or has not after all; <see langword="null"/>: nothing is under way.
    /// </summary>
    public TaskCompletionSource? Exchange { get; set; }

    /// <summary>The overwrites that a crash would have done again.</summary>
    public Remakings Remakings => LazyInitializer.EnsureInitialized(ref _remakings)!;

    /// <summary>Does something to each open of any of the streams. Called with the lock held.</summary>
    public void ForEachOpenLocked(Action<FileOpen> action)
    {
        foreach (var open in Data.OpensLocked)
        {
            action(open);
        }

        foreach (var stream in Streams)
        {
            foreach (var open in stream.OpensLocked)
            {
                action(open);
            }
        }
    }

    /// <summary>Completes when a change of the file can be answered; <see langword="null"/>: now.</summary>
    public Task? WhenRemade() => Volatile.Read(ref _remakings)?.WhenOver();
}
