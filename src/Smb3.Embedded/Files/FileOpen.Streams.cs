using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Named streams.
internal sealed partial class FileOpen
{
    /// <summary>The named streams of the file (MS-FSA section 2.1.5.12.29).</summary>
    public async ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken)
    {
        if (_file is not IStreamedFile file || !Volume.Store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return new NtResult<IReadOnlyList<StoreStreamEntry>>([]);
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await file.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>What the whole file is, whichever of its streams is open.</summary>
    public async ValueTask<NtResult<FileMetadata>> GetWholeMetadataAsync(CancellationToken cancellationToken)
    {
        if (!File.IsStream)
        {
            return await GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        }

        var opened = await Volume.Store.OpenAsync(Path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        return await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A named stream of a directory is no directory, whatever its file is.</summary>
    private FileMetadata AsOpened(in FileMetadata metadata) =>
        File.IsStream ? metadata with { Attributes = metadata.Attributes & ~FileAttributes.Directory } : metadata;

    /// <summary>Renames the stream that is open (MS-FSA section 2.1.5.15.12.1).</summary>
    private async ValueTask<NtStatus> RenameStreamAsync(string newPath, bool replace, CancellationToken cancellationToken)
    {
        if (Volume.Store.Traits.Has(StoreAbilities.ReadOnly))
        {
            return NtStatus.MediaWriteProtected;
        }

        if (!newPath.StartsWith(':'))
        {
            return await RefuseMoveAsync(newPath, cancellationToken).ConfigureAwait(false);
        }

        var status = FilePath.ParseStreamTarget(newPath, out var name);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (!Volume.Store.Traits.Has(StoreAbilities.NamedStreams) || !File.IsStream || _file is not IStreamedFile file)
        {
            return NtStatus.InvalidParameter; // the data of a file has no name to lose
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            using var turn = await Volume.Gate.EnterAsync(Path, cancellationToken).ConfigureAwait(false);
            if (IsDeletePending)
            {
                return NtStatus.AccessDenied;
            }

            // What the rename may do to the file its descriptor says as of now, as when a stream is made.
            var rights = OperationRights.Of(FileOperation.RenameStream);
            status = await Others.CheckFileAsync(_file, File.Whole.IsDirectory, rights, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            var old = File.StreamName!;
            status = await CheckStreamTargetAsync(file, old, name, replace, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            if (Observation is { } observation)
            {
                status = await observation.AskRenameStreamAsync(Volume.Store, Path, name, replace, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }

            status = await file.RenameStreamAsync(old, name, replace, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            Observation?.Renamed();
            Volume.RaiseStream(ChangeAction.RemovedStream, this, ChangeFilter.StreamName);
            if (name.Length == 0)
            {
                File.RemoveStream();
                return status;
            }

            File.RenameStream(name);
            Volume.RaiseStream(ChangeAction.AddedStream, this, ChangeFilter.StreamName);
            return status;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>What stands there may only be replaced when it is empty and nobody has it open.</summary>
    private async ValueTask<NtStatus> CheckStreamTargetAsync(
        IStreamedFile file, string old, string name, bool replace, CancellationToken cancellationToken)
    {
        if (string.Equals(old, name, Volume.NameComparison))
        {
            return NtStatus.Success;
        }

        if (name.Length == 0)
        {
            if (File.Whole.IsDirectory)
            {
                return NtStatus.InvalidParameter;
            }

            if (!replace)
            {
                return NtStatus.ObjectNameCollision;
            }

            var whole = await GetWholeMetadataAsync(cancellationToken).ConfigureAwait(false);
            return !whole.Succeeded ? whole.Status
                : whole.Value.Length > 0 ? NtStatus.InvalidParameter
                : File.Whole.OpenCount > 0 ? NtStatus.AccessDenied
                : NtStatus.Success;
        }

        var streams = await file.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        if (!streams.Succeeded)
        {
            return streams.Status;
        }

        foreach (var stream in streams.Value)
        {
            if (!string.Equals(stream.Name, name, Volume.NameComparison))
            {
                continue;
            }

            if (!replace)
            {
                return NtStatus.ObjectNameCollision;
            }

            if (stream.Length > 0)
            {
                return NtStatus.InvalidParameter;
            }

            return Volume.FindStream(File.FileId, name) is null ? NtStatus.Success : NtStatus.AccessDenied;
        }

        return NtStatus.Success;
    }

    /// <summary>A stream stays with its file; but first comes what a rename checks first.</summary>
    private async ValueTask<NtStatus> RefuseMoveAsync(string newPath, CancellationToken cancellationToken)
    {
        var status = FilePath.Parse(newPath, Volume.Store.Traits.MaxNameLength, out var target);
        if (status != NtStatus.Success)
        {
            return status;
        }

        status = await CheckParentAsync(target.Path.Parent, OperationRights.Of(FileOperation.RenameFile), wait: null, cancellationToken).ConfigureAwait(false);
        return status != NtStatus.Success ? status : NtStatus.InvalidParameter;
    }

    /// <summary>Deletes the stream that is open; its file's name is held.</summary>
    private async ValueTask DeleteStreamAsync()
    {
        var status = NtStatus.UnexpectedIoError;
        try
        {
            status = _file is IStreamedFile file
                ? await file.DeleteStreamAsync(File.StreamName!, CancellationToken.None).ConfigureAwait(false)
                : NtStatus.NotSupported;
        }
        finally
        {
            if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
            {
                File.KeepStream();
                Volume.ReportRemovalFailed(FullName, status);
            }
        }

        if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
        {
            return;
        }

        if (Observation is { } observation)
        {
            observation.Deleted = true;
        }

        Volume.RaiseStream(ChangeAction.RemovedStream, this, ChangeFilter.StreamName);
        File.RemoveStream();
    }
}
