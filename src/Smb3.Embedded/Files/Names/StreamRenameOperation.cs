using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Names;

/// <summary>Renames a stream.</summary>
internal static class StreamRenameOperation
{
    /// <summary>
    /// Renames the stream that is open (MS-FSA 2.1.5.15.11.1). The data of a file is the stream without a name: it can get one, and the file
    /// has new data then, which is empty; and a stream can become the data.
    /// </summary>
    public static async ValueTask<NtStatus> RenameStreamAsync(
        this FileOpen open, string newPath, bool replace, bool ignoreReadOnly, Func<CancellationToken>? onWait, Afterwards? later,
        CancellationToken cancellationToken)
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

        if (open.IsDirectory || !open.Volume.Store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return NtStatus.InvalidParameter; // a listing is not renamed
        }

        var wait = new HandleWait(onWait);
        while (open.File.IsStream == (name.Length == 0))
        {
            var exchange = await DataExchange.BeginAsync(open, cancellationToken).ConfigureAwait(false);
            if (exchange is null)
            {
                return NtStatus.FileClosed;
            }

            using (exchange)
            {
                using var turn = await open.LockPathAsync(toDelete: false, cancellationToken).ConfigureAwait(false);
                status = await open.RenameStreamInTurnAsync(name, replace, ignoreReadOnly, exchange, wait, later, cancellationToken)
                    .ConfigureAwait(false);
            }

            if (!wait.IsNeeded)
            {
                return status;
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return await open.ChangeNameAsync(wait, RenameInTurnAsync, cancellationToken).ConfigureAwait(false);

        async ValueTask<NtStatus> RenameInTurnAsync()
        {
            using var turn = await open.LockPathAsync(toDelete: false, cancellationToken).ConfigureAwait(false);
            return await open.RenameStreamInTurnAsync(name, replace, ignoreReadOnly, exchange: null, wait, later, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Renames the stream when it has its turn on the name of the file.</summary>
    private static async ValueTask<NtStatus> RenameStreamInTurnAsync(
        this FileOpen open, string name, bool replace, bool ignoreReadOnly, DataExchange? exchange, HandleWait wait, Afterwards? later,
        CancellationToken cancellationToken)
    {
        if (open.IsDeletePending)
        {
            return NtStatus.AccessDenied;
        }

        var old = open.File.StreamName ?? string.Empty;
        var status = await open.CheckStreamRightsAsync(ignoreReadOnly, cancellationToken).ConfigureAwait(false);
        status = status != NtStatus.Success ? status
            : open.Handle is not IStreamedFile file ? NtStatus.InvalidParameter
            : await open.CheckStreamTargetAsync(file, old, name, replace, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success || (old.Length == 0 && name.Length == 0))
        {
            return status;
        }

        if ((exchange is not null) != (old.Length == 0 || name.Length == 0))
        {
            return NtStatus.SharingViolation; // another rename of the same stream was quicker
        }

        // What a client keeps open by a name, it would go on using by that name.
        if (exchange is not null && wait.Finds(open.File, open))
        {
            return NtStatus.OplockBreakInProgress;
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
        var isPlanned = open.File.PlanStreamMove(name);
        status = isPlanned ? await open.Volume.CommitAsync().ConfigureAwait(false) : NtStatus.Success;
        status = status != NtStatus.Success ? status
            : await open.RenameInStoreAsync(old, name, replace, exchange, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success && isPlanned)
        {
            open.File.PlanStreamMove(null);
        }

        if (status == NtStatus.Success && exchange is not null)
        {
            var change = new FileChange(ChangeAction.Modified, open.Path, ChangeFilter.Size | ChangeFilter.LastWrite);
            await open.Volume.RaiseAsync(change, open, later).ConfigureAwait(false);
        }

        return status;
    }

    /// <summary>Renames it in the store, and then its object.</summary>
    private static async ValueTask<NtStatus> RenameInStoreAsync(
        this FileOpen open, string old, string name, bool replace, DataExchange? exchange, CancellationToken cancellationToken)
    {
        IReadOnlyList<IStoreFile> handles = [];
        if (old.Length == 0)
        {
            if (open.Handle is not IUnnamedStreamFile data)
            {
                return NtStatus.InvalidParameter; // the data of a file stays its data there
            }

            open.File.Whole.Caching.NoteOwn();
            var named = await data.RenameUnnamedStreamAsync(name, replace, exchange!.Opens.Count, cancellationToken).ConfigureAwait(false);
            if (!named.Succeeded)
            {
                return named.Status;
            }

            handles = named.Value;
        }
        else
        {
            var status = open.Handle is not IStreamedFile file ? NtStatus.InvalidParameter
                : await file.RenameStreamAsync(old, name, replace, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        open.Observation?.Renamed();
        open.Volume.RaiseStream(ChangeAction.RemovedStream, open, ChangeFilter.StreamName);
        IReadOnlyList<IStoreFile> former = [];
        if (exchange is null)
        {
            open.File.RenameStream(name);
        }
        else if (old.Length == 0)
        {
            former = exchange.Named(open.File, name, handles);
        }
        else
        {
            exchange.Unnamed(open.File);
        }

        open.Volume.RaiseStream(ChangeAction.AddedStream, open, ChangeFilter.StreamName);
        foreach (var handle in former)
        {
            await open.Volume.Fence.ReleaseAsync(handle).ConfigureAwait(false);
        }

        return NtStatus.Success;
    }

    /// <summary>The file's current descriptor decides what the rename may do to it, as when a stream is made.</summary>
    private static async ValueTask<NtStatus> CheckStreamRightsAsync(this FileOpen open, bool ignoreReadOnly, CancellationToken cancellationToken)
    {
        var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if (!ignoreReadOnly && !open.File.Whole.IsDirectory && (metadata.Value.Attributes & FileAttributes.ReadOnly) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var rights = OperationRights.Of(FileOperation.RenameStream);
        return await open.Others().CheckFileAsync(open.Handle, open.File.Whole.IsDirectory, rights, cancellationToken).ConfigureAwait(false);
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

            return open.Volume.OpenFiles.FindStream(open.File.FileId, name) is null ? NtStatus.Success : NtStatus.AccessDenied;
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
