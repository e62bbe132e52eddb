namespace Smb3.Embedded.Storage;

/// <summary>
/// A store that notices when other programs of its machine use a file whose contents clients cache. Optional: without it, what clients
/// cache grows old when such a program changes the file.
/// </summary>
public interface IOutsideUseSource
{
    /// <summary>Begins to guard a file.</summary>
    /// <param name="file">An open handle of this store.</param>
    /// <param name="holdsBack">
    /// Whether other programs shall wait, where the machine can make them, until clients have given up what they cache; else they are
    /// noticed after the fact, and their reads not at all.
    /// </param>
    /// <param name="used">
    /// Called for each use, from any thread. It is quick and never throws. The server's own changes may be told as
    /// <see cref="OutsideUse.Changed"/> too.
    /// </param>
    /// <returns>Ends it when disposed; <see langword="null"/> when nothing can be noticed of this file.</returns>
    IOutsideGuard? Guard(IStoreFile file, bool holdsBack, Action<OutsideUse> used);
}

/// <summary>A file that is guarded. Disposed when clients cache nothing of it any more: who was held back goes on then.</summary>
public interface IOutsideGuard : IDisposable
{
    /// <summary>Says what clients cache now; who was held back for no more than they have given up goes on.</summary>
    /// <param name="writes">Whether they cache writes, so that what others read would be old; else only what they read.</param>
    void Cover(bool writes);
}

/// <summary>What another program does with a file.</summary>
public enum OutsideUse
{
    /// <summary>It wants to read, and waits for what clients have written.</summary>
    Reads,

    /// <summary>It wants to change the file, and waits for clients to cache nothing.</summary>
    Changes,

    /// <summary>It has changed the file: data, attributes or name.</summary>
    Changed,
}
