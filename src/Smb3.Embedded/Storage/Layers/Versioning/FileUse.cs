using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A file that is in use: what its handles have to know together.</summary>
internal sealed class FileUse(StorePath path)
{
    private long _keptUntil;
    private int _changes;

    /// <summary>Lets one keep a version at a time.</summary>
    public AsyncMutex Turn { get; } = new();

    /// <summary>Where the file is now. Changed under the lock of all uses.</summary>
    public StorePath Path { get; set; } = path;

    /// <summary>Whether it has lost its name: there is no history any more to keep it in.</summary>
    public bool IsGone { get; set; }

    /// <summary>How many use it. Changed under the lock of all uses.</summary>
    public int Users { get; set; }

    /// <summary>How many handles can write. Changed under the lock of all uses.</summary>
    public int Writers { get; set; }

    /// <summary>Until when, in ticks, it may be changed without keeping a version before.</summary>
    public long KeptUntil
    {
        get => Volatile.Read(ref _keptUntil);
        set => Volatile.Write(ref _keptUntil, value);
    }

    /// <summary>Grows before the data changes for the first time in an interval: what was read before is of the older version.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>The data is going to change.</summary>
    public void BeginChange() => Interlocked.Increment(ref _changes);
}
