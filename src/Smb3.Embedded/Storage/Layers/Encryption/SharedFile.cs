namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// What all handles on one file and on its streams have in common: turns at ranges, since who changes a part of a block reads and writes all of it, and
/// how often what they know of the file has grown old.
/// </summary>
/// <remarks>The streams share the turns of their file: they may take each other's place, and are seldom used at the same moment.</remarks>
internal sealed class SharedFile(ulong fileId)
{
    private long _epoch;
    private long _growths;

    /// <summary>The number of the file.</summary>
    public ulong FileId { get; } = fileId;

    /// <summary>Handles, as <see cref="SharedFiles"/> counts them.</summary>
    public int Handles { get; set; }

    /// <summary>Turns at bytes of the data. Whoever makes it longer or shorter has one from its present end, or before, to infinity.</summary>
    public RangeTurns Ranges { get; } = new();

    /// <summary>Changes when data may have become shorter, or have another header.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Changes when data has become longer.</summary>
    public long Growths => Volatile.Read(ref _growths);

    /// <summary>Nothing that is known of the data holds any more.</summary>
    public void Renew() => Interlocked.Increment(ref _epoch);

    /// <summary>Data has become longer; all else that is known holds.</summary>
    public long Grow() => Interlocked.Increment(ref _growths);
}
