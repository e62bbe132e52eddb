using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>
/// The folders of versions. Each has the security descriptor and the creation time that the folder in its place has when it is made: views show it once that
/// one is gone.
/// </summary>
internal sealed class HistoryFolders(IFileStore store, VersionPlace place)
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the folder for the versions of what is, or was, at a path, and all above it, unless they are there.</summary>
    public async ValueTask<NtStatus> MakeAsync(StorePath path, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(place.HistoryOf(path), cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.Success;
        }

        var status = await MakeOwnAsync(place.Folder, cancellationToken).ConfigureAwait(false);
        foreach (var own in new[] { place.Files, place.Times, place.Unfinished })
        {
            status = status == NtStatus.Success ? await MakeOwnAsync(own, cancellationToken).ConfigureAwait(false) : status;
        }

        var from = StorePath.Root;
        foreach (var name in path.IsRoot || status != NtStatus.Success ? [] : path.Text.Split('\\'))
        {
            from = from.Append(name);
            status = await MakeLikeAsync(place.HistoryOf(from), from, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                break;
            }
        }

        return status;
    }

    /// <summary>Whether there is something at a path of the store.</summary>
    public async ValueTask<bool> IsThereAsync(StorePath path, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync().ConfigureAwait(false);
        }

        return opened.Succeeded;
    }

    private UnixFileMode? ModeOf(UnixFileMode mode) => store.Traits.Has(StoreAbilities.PosixModes) ? mode : null;

    private ValueTask<NtStatus> MakeOwnAsync(StorePath folder, CancellationToken cancellationToken) => MakeAsync(
        folder, new NewFile { IsDirectory = true, Attributes = FileAttributes.Hidden, UnixMode = ModeOf(Own) }, default, cancellationToken);

    private async ValueTask<NtStatus> MakeLikeAsync(StorePath folder, StorePath model, CancellationToken cancellationToken)
    {
        var look = new NewFile { IsDirectory = true, UnixMode = ModeOf(Own) };
        var created = FileTime.None;
        var opened = await store.OpenAsync(model, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (opened.Succeeded)
        {
            var handle = opened.Value;
            await using var handleUse = handle.ConfigureAwait(false);
            var described = await FileLook.TakeAsync(store, handle, cancellationToken).ConfigureAwait(false);
            if (!described.Succeeded)
            {
                return described.Status;
            }

            // The bits of a file would not let the server itself in, and those of a folder need not.
            look = described.Value.Metadata.IsDirectory
                ? described.Value.Look with { IsDirectory = true, UnixMode = described.Value.Look.UnixMode | Own }
                : look with { SecurityDescriptor = described.Value.Look.SecurityDescriptor };
            created = described.Value.Metadata.CreationTime;
        }

        return await MakeAsync(folder, look, created, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<NtStatus> MakeAsync(StorePath folder, NewFile look, FileTime created, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.Success;
        }

        var made = await store.CreateAsync(folder, look, cancellationToken).ConfigureAwait(false);
        if (!made.Succeeded)
        {
            return made.Status == NtStatus.ObjectNameCollision ? NtStatus.Success : made.Status;
        }

        var handle = made.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        return created == FileTime.None ? NtStatus.Success
            : await handle.SetMetadataAsync(new FileMetadataChange { CreationTime = created }, cancellationToken).ConfigureAwait(false);
    }
}
