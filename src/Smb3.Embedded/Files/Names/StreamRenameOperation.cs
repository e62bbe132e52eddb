using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Names;

/// <summary>Renames a named stream.</summary>
internal static class StreamRenameOperation
{
    /// <summary>Renames the stream that is open (MS-FSA 2.1.5.15.11.1).</summary>
    public static async ValueTask<NtStatus> RenameStreamAsync(
        this FileOpen open, string newPath, bool replace, CancellationToken cancellationToken)
    {
        if (open.Volume.Store.Traits.Has(StoreAbilities.ReadOnly))
        {
            return NtStatus.MediaWriteProtected;
        }

        if (!newPath.StartsWith(':'))
        {
            return await open.RefuseMoveAsync(newPath, cancellationToken).ConfigureAwait(false);
        }

        var status = FilePath.ParseStreamTarget(newPath, open.IsDirectory, open.File.Whole.IsDirectory, out var name);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (!open.Volume.Store.Traits.Has(StoreAbilities.NamedStreams) || !open.File.IsStream || open.Handle is not IStreamedFile file)
        {
            return NtStatus.InvalidParameter; // a listing is not renamed, and the data of a file stays its data: no store moves it to a stream
        }

        if (!open.TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            using var turn = await open.LockPathAsync(toDelete: false, cancellationToken).ConfigureAwait(false);
            if (open.IsDeletePending)
            {
                return NtStatus.AccessDenied;
            }

            // The file's current descriptor decides what the rename may do to it, as when a stream is made.
            var rights = OperationRights.Of(FileOperation.RenameStream);
            status = await open.Others().CheckFileAsync(open.Handle, open.File.Whole.IsDirectory, rights, cancellationToken)
                .ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            var old = open.File.StreamName!;
            status = await open.CheckStreamTargetAsync(file, old, name, replace, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            if (open.Observation is { } observation)
            {
                status = await observation.AskRenameStreamAsync(open.Volume.Store, open.Path, name, replace, cancellationToken)
                    .ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }

            // As with a file's name: after a crash the record leads to the stream whether or not the store has renamed it.
            var isPlanned = name.Length > 0 && open.File.PlanStreamMove(name);
            status = isPlanned ? await open.Volume.CommitAsync().ConfigureAwait(false) : NtStatus.Success;
            status = status != NtStatus.Success ? status
                : await file.RenameStreamAsync(old, name, replace, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                if (isPlanned)
                {
                    open.File.PlanStreamMove(null);
                }

                return status;
            }

            open.Observation?.Renamed();
            open.Volume.RaiseStream(ChangeAction.RemovedStream, open, ChangeFilter.StreamName);
            if (name.Length == 0)
            {
                open.File.RemoveStream();
                return status;
            }

            open.File.RenameStream(name);
            open.Volume.RaiseStream(ChangeAction.AddedStream, open, ChangeFilter.StreamName);
            return status;
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>An existing stream may only be replaced if it is empty and has no opens.</summary>
    private static async ValueTask<NtStatus> CheckStreamTargetAsync(
        this FileOpen open, IStreamedFile file, string old, string name, bool replace, CancellationToken cancellationToken)
    {
        if (string.Equals(old, name, open.Volume.NameComparison))
        {
            return NtStatus.Success;
        }

        if (name.Length == 0)
        {
            if (open.File.Whole.IsDirectory)
            {
                return NtStatus.InvalidParameter;
            }

            if (!replace)
            {
                return NtStatus.ObjectNameCollision;
            }

            var whole = await open.GetWholeMetadataAsync(cancellationToken).ConfigureAwait(false);
            return !whole.Succeeded ? whole.Status
                : whole.Value.Length > 0 ? NtStatus.InvalidParameter
                : open.File.Whole.OpenCount > 0 ? NtStatus.AccessDenied
                : NtStatus.Success;
        }

        var streams = await file.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        if (!streams.Succeeded)
        {
            return streams.Status;
        }

        foreach (var stream in streams.Value)
        {
            if (!string.Equals(stream.Name, name, open.Volume.NameComparison))
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

            return open.Volume.FindStream(open.File.FileId, name) is null ? NtStatus.Success : NtStatus.AccessDenied;
        }

        return NtStatus.Success;
    }

    /// <summary>A stream stays with its file; but the checks that a rename makes first come first here too.</summary>
    private static async ValueTask<NtStatus> RefuseMoveAsync(this FileOpen open, string newPath, CancellationToken cancellationToken)
    {
        var status = FilePath.Parse(newPath, open.Volume.Store.Traits.MaxNameLength, out var target);
        if (status != NtStatus.Success)
        {
            return status;
        }

        status = await open.CheckParentAsync(target.Path.Parent, OperationRights.Of(FileOperation.RenameFile), wait: null, cancellationToken)
            .ConfigureAwait(false);
        return status != NtStatus.Success ? status : NtStatus.InvalidParameter;
    }
}
