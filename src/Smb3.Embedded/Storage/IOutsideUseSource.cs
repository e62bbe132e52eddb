namespace Smb3.Embedded.Storage;

/// <summary>
/// A store that notices when other programs of its machine use a file whose contents clients cache. Optional: without it, what clients
/// cache becomes stale when such a program changes the file.
/// </summary>
public interface IOutsideUseSource
{
    /// <summary>Starts guarding a file.</summary>
    /// <param name="file">An open handle of this store.</param>
    /// <param name="holdsBack">
    /// Whether other programs are made to wait, where the machine can do that, until clients have given up what they cache; else they are
    /// noticed after the fact, and their reads not at all.
    /// </param>
    /// <param name="used">
    /// Called for each use, from any thread. It is quick and never throws. The server's own changes may be told as
    /// <see cref="OutsideUse.Changed"/> too.
    /// </param>
    /// <returns>Ends it when disposed; <see langword="null"/> when nothing can be noticed of this file.</returns>
    IOutsideGuard? Guard(IStoreFile file, bool holdsBack, Action<OutsideUse> used);
}

/// <summary>A file that is guarded. Disposed when clients cache nothing of it any more: programs that were held back then go on.</summary>
public interface IOutsideGuard : IDisposable
{
    /// <summary>Says what clients cache now; programs that waited for no more than clients have given up go on.</summary>
    /// <param name="writes">Whether they cache writes, so that others would read stale data; else they cache only reads.</param>
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
