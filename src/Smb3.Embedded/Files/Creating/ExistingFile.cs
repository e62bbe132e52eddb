using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Creating;

/// <summary>The CREATE of a file that exists: it is opened, and perhaps overwritten (MS-FSA 2.1.5.1.2).</summary>
internal static class ExistingFile
{
    public static async ValueTask<CreateOutcome> OpenExistingAsync(this OngoingCreate create, IStoreFile handle, CancellationToken cancellationToken)
    {
        FileObject? file = null;
        FileOpen? open = null;
        FileOpen? overwriting = null;
        try
        {
            var stored = await OngoingCreate.LearnAsync(handle, cancellationToken).ConfigureAwait(false);
            if (!stored.Succeeded)
            {
                return stored.Status;
            }

            file = create.Reference(handle, stored.Value);
            var metadata = OngoingCreate.AsOpened(handle, stored.Value);

            if (metadata.ReparseTag != 0 && create.StopsAtReparsePoint(file, create.Volume.PathOf(handle)))
            {
                return await ReparsePointTraversal.StopAsync(handle, unparsed: 0, cancellationToken).ConfigureAwait(false);
            }

            var isDeletePending = file.IsDeletePending(create.Volume.PathOf(handle));
            if (isDeletePending && create.IsPatient && (create.Wait = file.WaitForDeletion(create.Volume.PathOf(handle))) is not null)
            {
                return NtStatus.Pending;
            }

            var status = create.CheckKind(metadata, isDeletePending);
            if (status == NtStatus.Success)
            {
                status = create.CheckLeaseKey(file);
            }

            if (status != NtStatus.Success)
            {
                return status;
            }

            var granted = await create.GrantAsync(handle, metadata, cancellationToken).ConfigureAwait(false);
            if (!granted.Succeeded)
            {
                return granted.Status;
            }

            if (create.Has(CreateOptions.DeleteOnClose))
            {
                status = await create.CheckDeletionAsync(handle, file, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }

            if (create.Observed is not null)
            {
                status = await create.Observed.AskAsync(
                    create.Intend(FileName.PathOf(handle), (handle as IStoreStream)?.StreamName, stored.Value.IsDirectory, granted.Value, exists: true),
                    cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }

            if (create.Overwrites && !file.IsStream && !file.StreamsShareDelete())
            {
                return NtStatus.SharingViolation;
            }

            open = create.NewOpen(file, handle, granted.Value, metadata.IsDirectory);
            if (create.Overwrites && open.TryEnter(out _))
            {
                overwriting = open; // what it overwrites becomes no stream before it has
            }

            var extent = Math.Max(metadata.AllocationSize, metadata.Length);
            status = file.TryAdd(
                open, create.Volume.PathOf(handle), create.Parameters.Caching, extent, create.Overwrites, create.HasWaited, create.IsPatient,
                create.Parameters.KnowsAwaited, out var wait);
            create.Wait = wait;
            if (status != NtStatus.Success)
            {
                open = null;
                return status;
            }

            create.Volume.CountIn(open);
            var action = CreateAction.Opened;
            if (create.Overwrites)
            {
                action = create.Parameters.Disposition == CreateDisposition.Supersede ? CreateAction.Superseded : CreateAction.Overwritten;
                status = await create.OverwriteAsync(open, action, metadata, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }

                await create.Volume.RaiseModifiedAsync(open, ChangeFilter.Size | ChangeFilter.LastWrite | ChangeFilter.Attributes)
                    .ConfigureAwait(false);
                await (file.Caching.WhenTold() ?? Task.CompletedTask).ConfigureAwait(false);
                stored = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
                if (!stored.Succeeded)
                {
                    return stored.Status;
                }
            }

            var outcome = CreateOutcome.Opened(open, action, file.Times.Show(OngoingCreate.AsOpened(handle, stored.Value)));
            open = null;
            file = null;
            handle = null!;
            return outcome;
        }
        finally
        {
            overwriting?.Exit();

            // Whatever is still here has not been handed on.
            if (open is not null)
            {
                open.State.SetDeleteOnClose(false);
                create.Abandoned = open;
            }
            else
            {
                if (file is not null)
                {
                    create.Volume.OpenFiles.Dereference(file);
                }

                if (handle is not null)
                {
                    await create.Volume.Fence.ReleaseAsync(handle).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>
    /// Overwrites the file, once. With an open that is to outlive the process this is recorded before, as begun, and after, as done: a process
    /// that finds it begun does it again. Until it is done for good, no change of the file by others is answered, which would be lost then.
    /// </summary>
    private static async ValueTask<NtStatus> OverwriteAsync(
        this OngoingCreate create, FileOpen open, CreateAction action, FileMetadata old, CancellationToken cancellationToken)
    {
        var plan = create.PlanOverwrite();
        var supersedes = action == CreateAction.Superseded;
        if (create.Parameters.Intent is not { } intent)
        {
            return await open.OverwriteAsync(plan, supersedes, old, cancellationToken).ConfigureAwait(false);
        }

        intent.HandOver(open.State, action);
        open.State.PlanCreate(plan);
        var status = await open.State.CommitAsync().ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        using var remaking = open.File.Whole.Remakings.Begin();
        status = await open.OverwriteAsync(plan, supersedes, old, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success && open.WritesThrough)
        {
            status = await open.FlushSharedAsync(cancellationToken).ConfigureAwait(false);
        }

        if (status != NtStatus.Success)
        {
            return status;
        }

        open.State.PlanCreate(null);
        return await open.State.CommitAsync().ConfigureAwait(false);
    }

    private static NtStatus CheckKind(this OngoingCreate create, in FileMetadata metadata, bool deletePending)
    {
        if (deletePending)
        {
            return NtStatus.DeletePending;
        }

        if (create.Parameters.Disposition == CreateDisposition.Create)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (metadata.IsDirectory)
        {
            if (create.WantsFile)
            {
                return NtStatus.FileIsADirectory;
            }

            if (create.Overwrites)
            {
                return NtStatus.ObjectNameCollision;
            }

            if (create.Path.Path.IsRoot && create.Has(CreateOptions.DeleteOnClose))
            {
                return NtStatus.CannotDelete;
            }
        }
        else
        {
            if (create.WantsDirectory)
            {
                return NtStatus.NotADirectory;
            }

            if (create.Path.EndsInSeparator)
            {
                return NtStatus.ObjectNameInvalid;
            }
        }

        return NtStatus.Success;
    }

    private static async ValueTask<NtResult<FileAccessMask>> GrantAsync(
        this OngoingCreate create, IStoreFile handle, FileMetadata metadata, CancellationToken cancellationToken)
    {
        var isReadOnly = (metadata.Attributes & FileAttributes.ReadOnly) != 0;
        var needed = create.Desired;
        if (create.Overwrites)
        {
            if (isReadOnly)
            {
                return NtStatus.AccessDenied;
            }

            const FileAttributes MustMatch = FileAttributes.Hidden | FileAttributes.System;
            if ((metadata.Attributes & MustMatch & ~create.Parameters.Attributes) != 0)
            {
                return NtStatus.AccessDenied;
            }

            needed |= OperationRights.OfOverwrite(create.Parameters.Disposition).File;
            if ((needed & ~(create.Parameters.ShareMaximalAccess | FileAccessMask.AccessSystemSecurity)) != 0)
            {
                return NtStatus.AccessDenied;
            }
        }

        var unwritable = !metadata.IsDirectory && isReadOnly ? AccessRules.WithheldByReadOnly : 0;
        unwritable |= metadata.IsDirectory ? create.OutOfReach & FileAccessMask.ListDirectory : create.OutOfReach;
        if ((needed & unwritable) != 0)
        {
            return NtStatus.AccessDenied;
        }

        if (isReadOnly && create.Has(CreateOptions.DeleteOnClose))
        {
            return NtStatus.CannotDelete;
        }

        if (create.IsReadOnlyStore)
        {
            if ((needed & AccessRules.Changing) != 0)
            {
                return NtStatus.MediaWriteProtected;
            }

            unwritable |= AccessRules.Changing;
        }

        var wanted = needed;
        if (create.Maximum)
        {
            wanted |= FileAccessMask.FileAllAccess & create.Parameters.ShareMaximalAccess & ~unwritable;
        }

        var allowed = await create.Volume.Security.GrantAsync(handle, metadata.IsDirectory, create.Parameters.Caller, wanted, cancellationToken)
            .ConfigureAwait(false);
        if (!allowed.Succeeded)
        {
            return allowed;
        }

        if ((needed & ~allowed.Value) != 0)
        {
            return NtStatus.AccessDenied;
        }

        // The rights that a disposition implies are checked, but not granted.
        var granted = create.Maximum ? allowed.Value : create.Desired;
        if (granted == 0 || (create.Has(CreateOptions.DeleteOnClose) && (granted & OperationRights.Of(FileOperation.Delete).Open) == 0))
        {
            return NtStatus.AccessDenied;
        }

        return granted;
    }

    /// <summary>
    /// Whether FILE_DELETE_ON_CLOSE can be promised. As on Windows, a directory may be opened this way before the client has emptied it,
    /// but not one that looks empty and is not, since the client could not empty it.
    /// </summary>
    private static async ValueTask<NtStatus> CheckDeletionAsync(this OngoingCreate create, IStoreFile handle, FileObject file, CancellationToken cancellationToken)
    {
        var status = await create.Volume.CanDeleteAsync(handle, create.Volume.PathOf(handle), file.StreamName, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.DirectoryNotEmpty)
        {
            return status;
        }

        var listed = await Deletability.AnyListedAsync(handle, cancellationToken).ConfigureAwait(false);
        return !listed.Succeeded ? listed.Status : listed.Value ? NtStatus.Success : NtStatus.DirectoryNotEmpty;
    }
}
