using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Apple;

namespace Smb3.Embedded.Files.Creating;

/// <summary>Opens or makes a stream of a file that exists.</summary>
internal static class NamedStream
{
    /// <summary>Opens or makes a stream of a file that exists.</summary>
    public static async ValueTask<CreateOutcome> OpenStreamAsync(this OngoingCreate create, IStoreFile whole, CancellationToken cancellationToken)
    {
        var file = whole;
        await using var fileUse = file.ConfigureAwait(false);
        if (whole is not IStreamedFile streamed)
        {
            // The folder at a seam has none of its own: they are elsewhere, like everything in it.
            var metadata = await whole.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            return metadata is { Succeeded: true, Value.ReparseTag: not 0 }
                ? await ReparsePointTraversal.StopAsync(whole, unparsed: 0, cancellationToken).ConfigureAwait(false)
                : NtStatus.ObjectNameInvalid;
        }

        var access = create.NeededAccess();
        var found = await streamed.OpenStreamAsync(create.Path.StreamName!, access, cancellationToken).ConfigureAwait(false);
        while (create.Maximum && !create.Overwrites && found.Status == NtStatus.AccessDenied && access > StoreAccess.Metadata)
        {
            found = await streamed.OpenStreamAsync(create.Path.StreamName!, --access, cancellationToken).ConfigureAwait(false);
        }

        if (found.Succeeded && !await create.IsNoneAsync(found.Value, cancellationToken).ConfigureAwait(false))
        {
            return await create.OpenExistingAsync(found.Value, cancellationToken).ConfigureAwait(false);
        }

        if (found.Succeeded)
        {
            await create.Volume.Fence.ReleaseAsync(found.Value).ConfigureAwait(false);
            return NtStatus.ObjectNameNotFound;
        }

        return found.Status == NtStatus.ObjectNameNotFound
            ? await create.CreateStreamAsync(whole, streamed, cancellationToken).ConfigureAwait(false)
            : found.Status;
    }

    /// <summary>
    /// Whether a stream that only an existing one would do for has no data, and so does not exist: for a Mac any stream, and for everybody those
    /// that are a Mac's.
    /// </summary>
    private static async ValueTask<bool> IsNoneAsync(this OngoingCreate create, IStoreStream stream, CancellationToken cancellationToken)
    {
        if (create.Parameters.Disposition is not (CreateDisposition.Open or CreateDisposition.Overwrite) || !create.Volume.Options.ServesMacs
            || (!create.Parameters.IsMac && !AfpStream.MeansNothingEmpty(stream.StreamName)))
        {
            return false;
        }

        return await stream.GetMetadataAsync(cancellationToken).ConfigureAwait(false) is { Succeeded: true, Value.Length: 0 };
    }

    private static async ValueTask<CreateOutcome> CreateStreamAsync(this OngoingCreate create, IStoreFile whole, IStreamedFile streamed, CancellationToken cancellationToken)
    {
        var stored = await whole.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!stored.Succeeded)
        {
            return stored.Status;
        }

        var metadata = stored.Value;
        if (create.Volume.OpenFiles.Find(metadata.FileId) is { } known && known.IsDeletePending(create.Volume.PathOf(whole)))
        {
            return NtStatus.DeletePending;
        }

        if (create.Parameters.Disposition is CreateDisposition.Open or CreateDisposition.Overwrite)
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (create.IsReadOnlyStore)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (!metadata.IsDirectory && (metadata.Attributes & FileAttributes.ReadOnly) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var rights = OperationRights.Of(FileOperation.CreateStream).File;
        if ((rights & ~create.Parameters.ShareMaximalAccess) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var needed = create.Desired | rights;
        var wanted = create.Maximum ? needed | (FileAccessMask.FileAllAccess & create.Parameters.ShareMaximalAccess) : needed;
        var allowed = await create.Volume.Security.GrantAsync(whole, metadata.IsDirectory, create.Parameters.Caller, wanted, cancellationToken)
            .ConfigureAwait(false);
        if (!allowed.Succeeded)
        {
            return allowed.Status;
        }

        if ((needed & ~allowed.Value) != 0)
        {
            return NtStatus.AccessDenied;
        }

        if (create.Observed is not null)
        {
            var answer = await create.Observed.AskAsync(
                create.Intend(
                    FileName.PathOf(whole), create.Path.StreamName, metadata.IsDirectory, create.Maximum ? allowed.Value : create.Desired, exists: false),
                cancellationToken).ConfigureAwait(false);
            if (answer != NtStatus.Success)
            {
                return answer;
            }
        }

        var granted = create.Maximum ? allowed.Value : create.Desired;
        var declared = await create.DeclareAsync(create.Volume.PathOf(whole), made: null, granted, isDirectory: false).ConfigureAwait(false);
        if (declared != NtStatus.Success)
        {
            return declared;
        }

        var isDone = false;
        try
        {
            var outcome = await create.MakeStreamAsync(streamed, granted, cancellationToken).ConfigureAwait(false);
            isDone = outcome.Open is not null;
            return outcome;
        }
        finally
        {
            if (!isDone)
            {
                await create.WithdrawAsync().ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<CreateOutcome> MakeStreamAsync(
        this OngoingCreate create, IStreamedFile streamed, FileAccessMask granted, CancellationToken cancellationToken)
    {
        var made = await streamed.CreateStreamAsync(create.Path.StreamName!, cancellationToken).ConfigureAwait(false);
        if (!made.Succeeded)
        {
            return made.Status;
        }

        FileObject? file = null;
        IStoreFile? handle = made.Value;
        try
        {
            var status = await create.AllocateStreamAsync(handle, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            var stored = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!stored.Succeeded)
            {
                return stored.Status;
            }

            file = create.Reference(handle, stored.Value);
            var open = create.NewDeclaredOpen(file, handle, granted, isDirectory: false);
            status = create.CheckLeaseKey(file);
            if (status == NtStatus.Success)
            {
                status = file.TryAdd(
                    open, create.Volume.PathOf(handle), create.Parameters.Caching, extent: 0, overwrites: false, again: true, patient: false,
                    create.Parameters.KnowsAwaited, out _);
            }

            if (status != NtStatus.Success)
            {
                return status;
            }

            create.Volume.CountIn(open);
            create.Volume.RaiseStream(ChangeAction.AddedStream, open, ChangeFilter.StreamName);
            var outcome = CreateOutcome.Opened(open, CreateAction.Created, file.Times.Show(OngoingCreate.AsOpened(handle, stored.Value)));
            handle = null;
            return outcome;
        }
        finally
        {
            if (handle is not null)
            {
                if (file is not null)
                {
                    create.Volume.OpenFiles.Dereference(file);
                }

                try
                {
                    await create.Volume.Fence.ReleaseAsync(handle).ConfigureAwait(false);
                }
                finally
                {
                    // No other client can have opened it yet: the file's name is held.
                    await streamed.DeleteStreamAsync(create.Path.StreamName!, CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
    }

    public static ValueTask<NtStatus> AllocateStreamAsync(this OngoingCreate create, IStoreFile stream, CancellationToken cancellationToken) =>
        create.Parameters.AllocationSize > 0 ? stream.AllocateAsync(create.Parameters.AllocationSize, cancellationToken) : new(NtStatus.Success);
}
