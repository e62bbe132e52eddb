namespace Smb3.Embedded.Storage;

/// <summary>
/// A store whose files are at a place that can disappear or be replaced while it is served: a folder on a disk that is
/// unmounted, or that a deployment swaps. The server asks at each tree connect, once a second, and at opens not more often than every
/// tenth of a second. When the place is not the same any more, everything that is open ends, and clients are told to connect again.
/// </summary>
public interface IPlacedStore
{
    /// <summary>
    /// What is at the place now, compared with what the store was opened on. Quick; also asked of a store that was disposed.
    /// </summary>
    StorePlace CheckPlace();

    /// <summary>
    /// Opens a store on what is at the place now, with everything else as it was. The server owns it, and disposes it when it can.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not.</exception>
    IFileStore OpenAgain();
}

/// <summary>What is at the place of a store.</summary>
public enum StorePlace
{
    /// <summary>What the store was opened on.</summary>
    Same,

    /// <summary>Nothing that could be served: clients are refused until it is back.</summary>
    Missing,

    /// <summary>Something else, to be served from now on.</summary>
    Replaced,
}
