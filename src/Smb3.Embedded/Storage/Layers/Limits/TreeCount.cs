namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>Counts the bytes of all files of a store and of their streams. Nothing else changes their lengths meanwhile.</summary>
internal sealed class TreeCount(IFileStore store, SpaceAccount account)
{
    private readonly bool _hasStreams = store.Traits.Has(StoreAbilities.NamedStreams);
    private readonly Stack<StorePath> _folders = new([StorePath.Root]);

    /// <summary>Files with several names, and folders: links may lead to them more than once.</summary>
    private readonly HashSet<ulong> _seen = [];

    private bool _followsLinks;

    /// <summary>How many files and folders could not be looked into.</summary>
    public int Missed { get; private set; }

    /// <summary>Counts them all.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (_folders.TryPop(out var folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await CountFolderAsync(folder, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CountFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            Missed++;
            return;
        }

        var folder = opened.Value;
        await using var folderUse = folder.ConfigureAwait(false);
        _followsLinks |= folder is IFinalPathFile;
        await CountStreamsAsync(folder, cancellationToken).ConfigureAwait(false);
        var started = await folder.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!started.Succeeded)
        {
            Missed++;
            return;
        }

        var listing = started.Value;
        await using var listingUse = listing.ConfigureAwait(false);
        var entries = new StoreEntry[256];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = await listing.ReadAsync(entries, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                Missed++;
                return;
            }

            if (read.Value == 0)
            {
                return;
            }

            for (var i = 0; i < read.Value; i++)
            {
                await CountAsync(path.Append(entries[i].Name), entries[i].Metadata, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask CountAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken)
    {
        var isFolder = metadata is { IsDirectory: true, ReparseTag: 0 };
        if ((isFolder || metadata.LinkCount > 1 || _followsLinks) && !_seen.Add(metadata.FileId))
        {
            return;
        }

        if (isFolder)
        {
            _folders.Push(path);
            return;
        }

        account.Count(metadata.Length);
        if (!_hasStreams)
        {
            return;
        }

        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            Missed++;
            return;
        }

        var file = opened.Value;
        await using var fileUse = file.ConfigureAwait(false);
        await CountStreamsAsync(file, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask CountStreamsAsync(IStoreFile file, CancellationToken cancellationToken)
    {
        if (!_hasStreams || file is not IStreamedFile streamed)
        {
            return;
        }

        var streams = await streamed.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        if (streams.Succeeded)
        {
            account.Count(streams.Value.Sum(static stream => stream.Length));
        }
        else
        {
            Missed++;
        }
    }
}
