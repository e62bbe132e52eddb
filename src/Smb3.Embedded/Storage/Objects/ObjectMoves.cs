using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>Gives objects other keys: at once where the store can, else by copying and deleting.</summary>
internal sealed class ObjectMoves(ObjectFileStore store)
{
    /// <summary>Moves a file, and what is open of it. An object that has the new key is replaced.</summary>
    public async ValueTask<NtStatus> MoveFileAsync(string from, string to, CancellationToken cancellationToken)
    {
        var node = store.Nodes.Find(from);
        using var turns = await SeveralTurns.EnterAsync(node is null ? [] : [node.Turns], cancellationToken).ConfigureAwait(false);
        var status = await store.MoveObjectAsync(from, to, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.NotSupported)
        {
            status = await CopyAsync(from, to, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                status = await store.DeleteObjectAsync(from, cancellationToken).ConfigureAwait(false);
            }
        }

        if (status == NtStatus.Success && node is not null)
        {
            store.Nodes.Move(node, to);
            await node.LearnVersionAsync(cancellationToken).ConfigureAwait(false);
        }

        return status;
    }

    /// <summary>
    /// Moves a folder with all that is in it. One by one, a failure leaves everything under the old keys, or, when old ones cannot be deleted,
    /// under both.
    /// </summary>
    public async ValueTask<NtStatus> MoveFolderAsync(string from, string to, CancellationToken cancellationToken)
    {
        var nodes = store.Nodes.Below(from);
        using var turns = await SeveralTurns.EnterAsync(nodes.Select(static node => node.Turns), cancellationToken).ConfigureAwait(false);
        var status = await store.MoveObjectAsync(from, to, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.NotSupported)
        {
            status = await MoveAllAsync(from, to, cancellationToken).ConfigureAwait(false);
        }

        if (status == NtStatus.Success)
        {
            foreach (var node in nodes.Where(static node => !node.IsDeleted))
            {
                store.Nodes.Move(node, string.Concat(to, node.Key.AsSpan(from.Length)));
                await node.LearnVersionAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return status;
    }

    private async ValueTask<NtStatus> MoveAllAsync(string from, string to, CancellationToken cancellationToken)
    {
        var listed = await ListAllAsync(from, cancellationToken).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return listed.Status;
        }

        var keys = listed.Value;
        var copied = 0;
        var status = NtStatus.UnexpectedIoError;
        try
        {
            do
            {
                status = await CopyAsync(keys[copied], string.Concat(to, keys[copied].AsSpan(from.Length)), cancellationToken).ConfigureAwait(false);
            }
            while (status == NtStatus.Success && ++copied < keys.Count);
        }
        finally
        {
            for (var i = 0; i < copied && status != NtStatus.Success; i++)
            {
                await store.DeleteObjectAsync(string.Concat(to, keys[i].AsSpan(from.Length)), CancellationToken.None).ConfigureAwait(false);
            }
        }

        // The folder's own object is the last to go.
        for (var i = keys.Count - 1; i >= 0 && copied == keys.Count; i--)
        {
            var deleted = await store.DeleteObjectAsync(keys[i], CancellationToken.None).ConfigureAwait(false);
            status = status == NtStatus.Success ? deleted : status;
        }

        return status;
    }

    private async ValueTask<NtResult<List<string>>> ListAllAsync(string folder, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        while (true)
        {
            var page = await store.ListObjectsAsync(
                new(folder, keys.Count == 0 ? string.Empty : keys[^1], Folders: false, store.Options.PageSize) { KeysOnly = true }, cancellationToken)
                .ConfigureAwait(false);
            if (!page.Succeeded)
            {
                return page.Status;
            }

            if (page.Value.Count == 0)
            {
                return keys.Count == 0 ? NtStatus.ObjectNameNotFound : keys;
            }

            keys.AddRange(page.Value.Select(static entry => entry.Key));
            if (keys.Count > store.Options.MaxFolderRename)
            {
                return NtStatus.NotSameDevice;
            }
        }
    }

    private async ValueTask<NtStatus> CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var status = await store.CopyObjectAsync(from, to, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.NotSupported)
        {
            return status;
        }

        var found = await store.FindObjectAsync(from, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded || found.Value is not { } entry)
        {
            return found.Succeeded ? NtStatus.ObjectNameNotFound : found.Status;
        }

        var content = new ObjectStream(store, entry);
        await using var contentUse = content.ConfigureAwait(false);
        return (await store.PutObjectAsync(to, content, entry.Properties, ObjectCondition.None, cancellationToken).ConfigureAwait(false)).Status;
    }
}
