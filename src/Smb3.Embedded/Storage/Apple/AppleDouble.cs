using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Apple;

/// <summary>
/// AppleDouble files, <c>._NAME</c> beside <c>NAME</c>: where macOS, archives and servers that know no named streams keep the Finder info, the
/// resource fork and the extended attributes of <c>NAME</c>.
/// </summary>
public static class AppleDouble
{
    private const string Prefix = "._";
    private const int EntriesAtOnce = 256;

    /// <summary>
    /// Moves what all AppleDouble files of a store hold into the named streams in which Macs look for it, and deletes them. What cannot be
    /// moved as it is, whatever the reason, stays and is told. It can be broken off and begun anew at any time.
    /// </summary>
    /// <param name="store">
    /// The store, such as a <see cref="Physical.PhysicalFileStore"/>. It must have <see cref="StoreAbilities.NamedStreams"/>, and nobody
    /// may use it meanwhile: sharing, locks and leases of clients are not looked at.
    /// </param>
    /// <param name="cancellationToken">Breaks it off between two files.</param>
    /// <returns>Each file whose name begins with <c>._</c>, once it is done with; directories that cannot be listed as failed.</returns>
    /// <exception cref="NotSupportedException">The store has no named streams.</exception>
    public static async IAsyncEnumerable<AppleDoubleOutcome> ConvertAsync(
        IFileStore store, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        if ((store.Traits.Abilities & StoreAbilities.NamedStreams) == 0)
        {
            throw new NotSupportedException("The store has no named streams, which is where the contents would go.");
        }

        // A symbolic link may lead back up.
        var seen = new HashSet<ulong>();
        var directories = new Stack<StorePath>([StorePath.Root]);
        while (directories.TryPop(out var path))
        {
            var listed = await ListAsync(store, path, seen, directories, cancellationToken).ConfigureAwait(false);
            if (!listed.Succeeded)
            {
                yield return new(path, AppleDoubleResult.Failed, listed.Status);
                continue;
            }

            foreach (var name in listed.Value)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var conversion = new AppleDoubleConversion(store, path.Append(name), path.Append(name.AsSpan(Prefix.Length)));
                yield return await conversion.RunAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Finds the directories and the files with the prefix in one directory.</summary>
    private static async ValueTask<NtResult<List<string>>> ListAsync(
        IFileStore store, StorePath path, HashSet<ulong> seen, Stack<StorePath> directories, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        var opened = await store.OpenAsync(path, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var directory = opened.Value;
        await using var directoryUse = directory.ConfigureAwait(false);
        var metadata = await directory.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded || !seen.Add(metadata.Value.FileId))
        {
            return metadata.Succeeded ? found : metadata.Status;
        }

        var begun = await directory.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!begun.Succeeded)
        {
            return begun.Status;
        }

        var listing = begun.Value;
        await using var listingUse = listing.ConfigureAwait(false);
        var entries = new StoreEntry[EntriesAtOnce];
        while (true)
        {
            var read = await listing.ReadAsync(entries, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }

            if (read.Value == 0)
            {
                return found;
            }

            foreach (var entry in entries.AsSpan(0, read.Value))
            {
                if ((entry.Metadata.Attributes & FileAttributes.ReparsePoint) != 0)
                {
                    continue;
                }

                if (entry.Metadata.IsDirectory)
                {
                    directories.Push(path.Append(entry.Name));
                }
                else if (entry.Name.Length > Prefix.Length && entry.Name.StartsWith(Prefix, StringComparison.Ordinal))
                {
                    found.Add(entry.Name);
                }
            }
        }
    }
}
