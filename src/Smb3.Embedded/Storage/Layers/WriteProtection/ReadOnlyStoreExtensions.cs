using Smb3.Embedded.Storage.Layers.WriteProtection;

namespace Smb3.Embedded.Storage;

/// <summary>Stores of which nothing can be changed, whatever is below.</summary>
public static class ReadOnlyStoreExtensions
{
    /// <summary>
    /// A store with all that <paramref name="store"/> holds, of which nothing can be changed: clients are refused with STATUS_MEDIA_WRITE_PROTECTED
    /// before they try, and are told that the volume is read-only. What other programs change below shows. To let some users write, share the store
    /// itself and give the share its access instead: two shares on the same files have to be shares of the same store.
    /// </summary>
    /// <param name="store">The store below. It is ended with the one that is returned, when that is disposed.</param>
    /// <returns>The store to share. What <paramref name="store"/> can do besides being changed, it can do too.</returns>
    public static IFileStore ReadOnly(this IFileStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return WriteProtectedStore.On(store);
    }
}
