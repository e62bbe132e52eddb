using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Recycling;

/// <summary>The folders in the bin: those that files were in, below one for each day, with the same security descriptors.</summary>
internal sealed class BinFolders(IFileStore store, BinPlace place)
{
    /// <summary>Makes the folder in which the bin keeps what was in <paramref name="origin"/>, unless it is there.</summary>
    /// <param name="day">When it was deleted.</param>
    /// <param name="origin">The folder that it was in.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The folder in the bin.</returns>
    public async ValueTask<NtResult<StorePath>> MakeAsync(DateOnly day, StorePath origin, CancellationToken cancellationToken)
    {
        var root = await DescribeAsync(StorePath.Root, cancellationToken).ConfigureAwait(false);
        var status = root.Succeeded
            ? await MakeAsync(place.Folder, root.Value with { Attributes = FileAttributes.Hidden }, isOwn: true, cancellationToken).ConfigureAwait(false)
            : root.Status;
        var bin = status == NtStatus.Success ? await DescribeAsync(place.Folder, cancellationToken).ConfigureAwait(false) : status;
        var folder = place.Folder.Append(BinPlace.NameOf(day));
        status = bin.Succeeded ? await MakeAsync(folder, bin.Value, isOwn: true, cancellationToken).ConfigureAwait(false) : bin.Status;
        if (status != NtStatus.Success)
        {
            return status;
        }

        var from = StorePath.Root;
        foreach (var name in origin.IsRoot ? [] : origin.Text.Split('\\'))
        {
            from = from.Append(name);
            var like = await DescribeAsync(from, cancellationToken).ConfigureAwait(false);
            var below = like.Succeeded ? await MakeBelowAsync(folder, name, like.Value, cancellationToken).ConfigureAwait(false) : like.Status;
            if (!below.Succeeded)
            {
                return below;
            }

            folder = below.Value;
        }

        return folder;
    }

    /// <summary>Makes a folder, under another name where something else has this one.</summary>
    private async ValueTask<NtResult<StorePath>> MakeBelowAsync(StorePath parent, string name, NewFile like, CancellationToken cancellationToken)
    {
        var status = NtStatus.ObjectNameCollision;
        foreach (var candidate in place.NamesFor(name))
        {
            var path = parent.Append(candidate);
            status = await MakeAsync(path, like, isOwn: false, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                return path;
            }

            if (status is not (NtStatus.ObjectNameCollision or NtStatus.ObjectNameInvalid))
            {
                break;
            }
        }

        return status;
    }

    /// <summary>Makes a folder, unless it is there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="like">What it is to be.</param>
    /// <param name="isOwn">
    /// Whether it is the bin's own, whose descriptor is up to the administrator. Else one with another descriptor than its origin has is not meant: the
    /// origin may have been closed to others or opened to more since, or be a new folder. What was hidden when it was deleted stays so.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; OBJECT_NAME_COLLISION when something else has its name.</returns>
    private async ValueTask<NtStatus> MakeAsync(StorePath path, NewFile like, bool isOwn, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (opened.Status == NtStatus.ObjectNameNotFound)
        {
            var made = await store.CreateAsync(path, like, cancellationToken).ConfigureAwait(false);
            if (made.Succeeded)
            {
                await made.Value.DisposeAsync().ConfigureAwait(false);
                return NtStatus.Success;
            }

            // Another deletion was quicker, or it is something else.
            opened = made.Status == NtStatus.ObjectNameCollision
                ? await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false) : made.Status;
        }

        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var folder = opened.Value;
        await using var folderUse = folder.ConfigureAwait(false);
        var look = await LookAtAsync(folder, cancellationToken).ConfigureAwait(false);
        return !look.Succeeded ? look.Status
            : look.Value.Metadata is { IsDirectory: true, ReparseTag: 0 } && (isOwn || look.Value.Descriptor.Span.SequenceEqual(like.SecurityDescriptor.Span))
                ? NtStatus.Success : NtStatus.ObjectNameCollision;
    }

    private async ValueTask<NtResult<(FileMetadata Metadata, ReadOnlyMemory<byte> Descriptor)>> LookAtAsync(
        IStoreFile folder, CancellationToken cancellationToken)
    {
        var metadata = await folder.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        var descriptor = store.Traits.Has(StoreAbilities.SecurityDescriptors) && folder is ISecurableFile securable
            ? await securable.GetSecurityDescriptorAsync(cancellationToken).ConfigureAwait(false) : ReadOnlyMemory<byte>.Empty;
        return !metadata.Succeeded ? metadata.Status
            : !descriptor.Succeeded ? descriptor.Status
            : (metadata.Value, descriptor.Value);
    }

    /// <summary>A folder that is like another.</summary>
    private async ValueTask<NtResult<NewFile>> DescribeAsync(StorePath path, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var folder = opened.Value;
        await using var folderUse = folder.ConfigureAwait(false);
        var look = await LookAtAsync(folder, cancellationToken).ConfigureAwait(false);
        return !look.Succeeded ? look.Status
            : new NewFile
            {
                IsDirectory = true,
                SecurityDescriptor = look.Value.Descriptor,
                UnixMode = store.Traits.Has(StoreAbilities.PosixModes) ? look.Value.Metadata.UnixMode : null,
            };
    }
}
