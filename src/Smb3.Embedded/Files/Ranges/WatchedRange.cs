namespace Smb3.Embedded.Files.Ranges;

/// <summary>Bytes of a file that its owner needs to know are unchanged.</summary>
/// <param name="owner">The watcher.</param>
/// <param name="offset">Where they begin.</param>
/// <param name="length">How many, for now.</param>
internal abstract class WatchedRange(object owner, long offset, long length)
{
    private volatile bool _spoilt;

    /// <summary>The watcher.</summary>
    public object Owner { get; } = owner;

    /// <summary>Where the range begins.</summary>
    public long Offset { get; } = offset;

    /// <summary>How long it is.</summary>
    public long Length { get; protected set; } = length;

    /// <summary>Whether the bytes are still unchanged, as far as the opens of this server are concerned.</summary>
    public virtual bool IsGood => !_spoilt;

    /// <summary>Whether another range overlaps it.</summary>
    public bool Overlaps(long at, long count) => at < Offset + Length && Offset - count < at;

    /// <summary>The bytes change.</summary>
    public void Spoil() => _spoilt = true;

    /// <summary>It is no longer needed.</summary>
    public abstract void End();
}
