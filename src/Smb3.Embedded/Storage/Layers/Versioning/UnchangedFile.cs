using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A file that is what it was; when it changes, a handle that is open goes on with its version.</summary>
internal sealed class UnchangedFile(VersionView view, IStoreFile inner, FileUse use, int changes) : PastFile(view, inner, inner.Path)
{
    private IStoreFile? _version;

    /// <inheritdoc/>
    public override async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (use.Changes == changes)
        {
            var read = await Inner.ReadAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
            if (use.Changes == changes)
            {
                return read;
            }
        }

        var version = await OpenVersionAsync(cancellationToken).ConfigureAwait(false);
        return version.Succeeded ? await version.Value.ReadAsync(offset, buffer, cancellationToken).ConfigureAwait(false) : version.Status;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var metadata = await Inner.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (use.Changes == changes)
        {
            return metadata;
        }

        // The number of the file stays that of the handle.
        var version = await OpenVersionAsync(cancellationToken).ConfigureAwait(false);
        var past = version.Succeeded ? await version.Value.GetMetadataAsync(cancellationToken).ConfigureAwait(false) : version.Status;
        return past.Succeeded && metadata.Succeeded ? past.Value with { FileId = metadata.Value.FileId } : past;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync().ConfigureAwait(false);
            if (_version is { } version)
            {
                await version.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            View.Close(use);
        }
    }

    private async ValueTask<NtResult<IStoreFile>> OpenVersionAsync(CancellationToken cancellationToken)
    {
        // Who keeps the version holds the turn until it is there.
        using var turn = await use.Turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (_version is { } known)
        {
            return new NtResult<IStoreFile>(known);
        }

        var opened = await View.OpenVersionAsync(use.Path, Path, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (opened.Succeeded)
        {
            _version = opened.Value;
        }

        return opened.Status == NtStatus.ObjectNameNotFound ? NtStatus.FileInvalid : opened;
    }
}
