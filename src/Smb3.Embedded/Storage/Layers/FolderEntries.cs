using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers;

/// <summary>What is in a folder of a store.</summary>
internal static class FolderEntries
{
    /// <summary>Lists a folder; one that is not there has nothing in it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="failed">Told, at most once, why it cannot be listed or not to its end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<StoreEntry> ListAsync(
        IFileStore store, StorePath folder, Action<NtStatus> failed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(folder, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            if (opened.Status is not (NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound))
            {
                failed(opened.Status);
            }

            yield break;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var started = await handle.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!started.Succeeded)
        {
            failed(started.Status);
            yield break;
        }

        var listing = started.Value;
        await using var listingUse = listing.ConfigureAwait(false);
        var entries = new StoreEntry[64];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = await listing.ReadAsync(entries, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded || read.Value == 0)
            {
                if (!read.Succeeded)
                {
                    failed(read.Status);
                }

                yield break;
            }

            for (var i = 0; i < read.Value; i++)
            {
                yield return entries[i];
            }
        }
    }
}
