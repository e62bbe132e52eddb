using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// Finds the long names for the short names in a path. A name that exists itself stands for itself; only otherwise is the directory
/// searched.
/// </summary>
internal sealed class ShortNameResolver(IFileStore store, ShortNameTables tables, NameTunnel tunnel)
{
    private const int BatchSize = 64;

    /// <summary>The path in long names; a name that is no short name of anything stays as it is.</summary>
    public async ValueTask<StorePath> ResolveAsync(StorePath path, CancellationToken cancellationToken)
    {
        var any = tables.AnyWithoutTilde;
        if (!ShortNames.AnyIn(path, any))
        {
            return path;
        }

        var resolved = StorePath.Root;
        foreach (var name in path.Text.Split('\\'))
        {
            var itself = resolved.Append(name);
            resolved = ShortNames.CanStandForAnother(name, any) && !await ExistsAsync(itself, cancellationToken).ConfigureAwait(false)
                && await FindAsync(resolved, name, cancellationToken).ConfigureAwait(false) is { } found
                ? resolved.Append(found)
                : itself;
        }

        return resolved;
    }

    /// <summary>The long name in <paramref name="directory"/> that a short name stands for, or stood for until a moment ago.</summary>
    public async ValueTask<string?> FindAsync(StorePath directory, string shortName, CancellationToken cancellationToken)
    {
        if (!ShortNames.CanStandForAnother(shortName, tables.AnyWithoutTilde)
            || await tables.GetAsync(directory, isFresh: true, cancellationToken).ConfigureAwait(false) is not { } table)
        {
            return null;
        }

        var found = table.IsTooLarge
            ? await FindHashedAsync(directory, shortName, cancellationToken).ConfigureAwait(false)
            : table.Find(shortName);
        return found ?? tunnel.Find(directory.Append(shortName));
    }

    /// <summary>The short name of a file; its own name if that is short. <see langword="null"/>: it has none.</summary>
    public async ValueTask<string?> OfAsync(StorePath path, CancellationToken cancellationToken)
    {
        var name = path.Name.ToString();
        var table = await tables.GetAsync(path.Parent, isFresh: false, cancellationToken).ConfigureAwait(false);
        return table?.Of(name) ?? (ShortNames.IsShort(name) ? name : null);
    }

    /// <summary>Gives a file a short name, or none when it is empty.</summary>
    public ValueTask<NtStatus> GiveAsync(StorePath path, string shortName, CancellationToken cancellationToken) =>
        tables.GiveAsync(path, shortName, cancellationToken);

    /// <summary>The short names of a directory; <see langword="null"/> when it cannot be listed.</summary>
    public ValueTask<ShortNameTable?> InAsync(StorePath directory, CancellationToken cancellationToken) =>
        tables.GetAsync(directory, isFresh: false, cancellationToken);

    private async ValueTask<string?> FindHashedAsync(StorePath directory, string shortName, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(directory, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return null;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var listed = await handle.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return null;
        }

        var listing = listed.Value;
        await using var listingUse = listing.ConfigureAwait(false);
        var batch = new StoreEntry[BatchSize];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = await listing.ReadAsync(batch, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded || read.Value == 0)
            {
                return null;
            }

            for (var i = 0; i < read.Value; i++)
            {
                if (ShortNames.IsHashOf(shortName, batch[i].Name))
                {
                    return batch[i].Name;
                }
            }
        }
    }

    private async ValueTask<bool> ExistsAsync(StorePath path, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status is not (NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound);
        }

        await opened.Value.DisposeAsync().ConfigureAwait(false);
        return true;
    }
}
