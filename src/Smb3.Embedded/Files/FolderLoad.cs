namespace Smb3.Embedded.Files;

/// <summary>What is open in a folder, and what was read and written there. Files that are moved count where they were opened.</summary>
/// <param name="folder">The folder.</param>
internal sealed class FolderLoad(string folder)
{
    private const int Forgotten = -1;

    private int _opens;
    private long _bytes;

    public string Folder { get; } = folder;

    /// <summary>How many opens there are.</summary>
    public int Opens => Math.Max(0, Volatile.Read(ref _opens));

    /// <summary>All bytes so far, in both directions. Wraps.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Counts a read or a write of so many bytes.</summary>
    public void Count(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Counts an open in, unless it was forgotten.</summary>
    public bool TryEnter()
    {
        for (var opens = Volatile.Read(ref _opens); opens != Forgotten;)
        {
            var before = Interlocked.CompareExchange(ref _opens, opens + 1, opens);
            if (before == opens)
            {
                return true;
            }

            opens = before;
        }

        return false;
    }

    /// <summary>Counts an open out.</summary>
    public void Leave() => Interlocked.Decrement(ref _opens);

    /// <summary>Ends it, unless something is open there.</summary>
    public bool TryForget() => Interlocked.CompareExchange(ref _opens, Forgotten, 0) == 0;
}
