using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Restoring;

/// <summary>
/// Recreates an open that existed before the process came up. It already had its access, its sharing and its caching: no one is asked for
/// them again, and no client's cache is broken.
/// </summary>
internal static class RestoreOperation
{
    /// <summary>Nothing reports when a program has given up its lease.</summary>
    private static readonly TimeSpan LocalProgramRetry = TimeSpan.FromMilliseconds(50);

    /// <summary>Recreates the open, and resumes keeping it in the journal.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="record">The state it had.</param>
    /// <param name="leases">The leases of its client; <see langword="null"/> when it had none.</param>
    /// <param name="sink">Where breaks go.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The open, to be closed by the caller; or OBJECT_NAME_NOT_FOUND when its file is gone or has been replaced, or the store's status.
    /// </returns>
    public static async ValueTask<NtResult<FileOpen>> RestoreAsync(
        this Volume volume, OpenRecord record, LeaseTable? leases, IBreakSink? sink, CancellationToken cancellationToken)
    {
        var restored = await RestoreAtAsync(volume, record, leases, sink, cancellationToken).ConfigureAwait(false);
        if (record.MovingTo is not { } moved || restored.Status is not (NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound))
        {
            return restored;
        }

        // The store had just renamed it when the process ended.
        restored = await RestoreAtAsync(volume, record with { Path = moved }, leases, sink, cancellationToken).ConfigureAwait(false);
        if (restored.Succeeded)
        {
            restored.Value.State.Changed();
        }

        return restored;
    }

    private static async ValueTask<NtResult<FileOpen>> RestoreAtAsync(
        Volume volume, OpenRecord record, LeaseTable? leases, IBreakSink? sink, CancellationToken cancellationToken)
    {
        using var turn = await volume.PathLocks.LockAsync(record.Path, cancellationToken).ConfigureAwait(false);
        var opened = await OpenAsync(volume, record, cancellationToken).ConfigureAwait(false);
        if (opened.Status == NtStatus.ObjectNameNotFound && record.MovingToStream is { } renamed)
        {
            // The store had just renamed the stream when the process ended.
            record = record with { Stream = renamed.Length > 0 ? renamed : null };
            opened = await OpenAsync(volume, record, cancellationToken).ConfigureAwait(false);
        }
        else if (opened.Succeeded && record is { Stream: null, MovingToStream.Length: > 0 }
            && await FindNamedDataAsync(volume, record, opened.Value, cancellationToken).ConfigureAwait(false) is { } moved)
        {
            record = record with { Stream = record.MovingToStream };
            opened = new NtResult<IStoreFile>(moved);
        }

        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        IStoreFile? handle = opened.Value;
        FileObject? file = null;
        try
        {
            var furnished = record.Stream is null
                ? await FurnishOwnAsync(record, handle, cancellationToken).ConfigureAwait(false) : NtStatus.Success;
            if (furnished != NtStatus.Success)
            {
                return furnished;
            }

            var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            var wasOpen = record.FileId != 0;
            if (!wasOpen)
            {
                record = record with { FileId = metadata.Value.FileId }; // it was to be made
            }

            if (metadata.Value.FileId != record.FileId)
            {
                return NtStatus.ObjectNameNotFound; // another file has the name now
            }

            file = record.Stream is { } stream
                ? volume.OpenFiles.ReferenceStream(record.FileId, metadata.Value.IsDirectory, stream)
                : volume.OpenFiles.Reference(record.FileId, metadata.Value.IsDirectory);
            var locks = record.Locks.Count > 0 ? file.GetOrCreateLocks() : null;
            var open = new FileOpen(file, StateOf(record), handle) { DeletesAtOnce = record.DeletesAtOnce };
            if (locks?.TryLock(open, [.. record.Locks]) is { } refused and not NtStatus.Success)
            {
                return refused;
            }

            file.Times.Restore(open, file.Times.Show(metadata.Value));
            open.State.SetDurable(record.Durable);
            file.Restore(open, volume.PathOf(handle), record, wasOpen, leases, sink);
            volume.CountIn(open);
            if (volume.Options.Journal is { } journal)
            {
                open.State.Resume(journal);
            }

            handle = null;
            file = null;
            var status = await open.FinishCreateAsync(record, metadata.Value, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                open.State.SetDeleteOnClose(false);
                await open.CloseAsync(cancellationToken: CancellationToken.None).ConfigureAwait(false);
                return status;
            }

            if (record.Plan is not null || record.MovingToStream is not null)
            {
                open.State.Changed();
            }

            return open;
        }
        finally
        {
            if (file is not null)
            {
                volume.OpenFiles.Dereference(file);
            }

            if (handle is not null)
            {
                await handle.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The stream that the data of the file was to become, if the store had come so far. It only ever takes the place of an empty one, so one
    /// with data is it; an empty one is it unless the file still has data.
    /// </summary>
    /// <returns>Its handle, and the one on the file is closed; or null, and that is kept.</returns>
    private static async ValueTask<IStoreStream?> FindNamedDataAsync(
        Volume volume, OpenRecord record, IStoreFile file, CancellationToken cancellationToken)
    {
        var stream = await OpenAsync(volume, record with { Stream = record.MovingToStream }, cancellationToken).ConfigureAwait(false);
        if (!stream.Succeeded)
        {
            return null;
        }

        var left = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        var named = await stream.Value.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        var isMoved = left.Succeeded && named.Succeeded && (named.Value.Length > 0 || left.Value.Length == 0);
        await (isMoved ? file : stream.Value).DisposeAsync().ConfigureAwait(false);
        return isMoved ? (IStoreStream)stream.Value : null;
    }

    private static async ValueTask<NtResult<IStoreFile>> OpenAsync(Volume volume, OpenRecord record, CancellationToken cancellationToken)
    {
        const FileAccessMask Writing = FileAccessMask.WriteData | FileAccessMask.AppendData;
        const FileAccessMask Reading = FileAccessMask.ReadData | FileAccessMask.Execute;
        var access = ((record.GrantedAccess & Writing) != 0 || record.Plan is { Overwrites: true }) && !record.IsDirectory ? StoreAccess.ReadWrite
            : (record.GrantedAccess & (Writing | Reading)) != 0 ? StoreAccess.Read
            : StoreAccess.Metadata;
        if (record.Stream is null)
        {
            return await OpenOrMakeAsync(volume, record, access, cancellationToken).ConfigureAwait(false);
        }

        var whole = await OpenOrMakeAsync(volume, record, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!whole.Succeeded)
        {
            return whole;
        }

        var file = whole.Value;
        await using var fileUse = file.ConfigureAwait(false);
        if (file is not IStreamedFile streamed)
        {
            return NtStatus.ObjectNameNotFound;
        }

        var furnished = await FurnishOwnAsync(record, file, cancellationToken).ConfigureAwait(false);
        if (furnished != NtStatus.Success)
        {
            return furnished;
        }

        var opened = await streamed.OpenStreamAsync(record.Stream, access, cancellationToken).ConfigureAwait(false);
        if (opened.Status == NtStatus.ObjectNameNotFound && record.Plan is { MakesFile: true })
        {
            opened = await streamed.CreateStreamAsync(record.Stream, cancellationToken).ConfigureAwait(false);
        }

        return opened.Succeeded ? new NtResult<IStoreFile>(opened.Value) : opened.Status;
    }

    /// <summary>Gives the file that was made what it was to have; another one that has its name now is left as it is.</summary>
    private static async ValueTask<NtStatus> FurnishOwnAsync(OpenRecord record, IStoreFile file, CancellationToken cancellationToken)
    {
        if (record is { FileId: not 0, Plan.MakesFile: true })
        {
            var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded || metadata.Value.FileId != record.FileId)
            {
                return metadata.Succeeded ? NtStatus.ObjectNameNotFound : metadata.Status;
            }
        }

        return await record.FurnishAsync(file, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Opens the file. One that was only planned, on a share that was another node's, is made when it is not there: that node may have asked its
    /// kernel for it, which may still do it. Then it finds it made, and the client's CREATE that is sent again does not.
    /// </summary>
    private static async ValueTask<NtResult<IStoreFile>> OpenOrMakeAsync(
        Volume volume, OpenRecord record, StoreAccess access, CancellationToken cancellationToken)
    {
        var opened = await OpenPatientlyAsync(volume, record.Path, access, cancellationToken).ConfigureAwait(false);
        if (opened.Status != NtStatus.ObjectNameNotFound || volume.Options.Lease is null || record is not { FileId: 0, Plan.MakesFile: true })
        {
            return opened;
        }

        var made = await volume.Store.CreateAsync(record.Path, record.NewFile(), cancellationToken).ConfigureAwait(false);
        return made.Status == NtStatus.ObjectNameCollision
            ? await OpenPatientlyAsync(volume, record.Path, access, cancellationToken).ConfigureAwait(false)
            : made;
    }

    /// <summary>A program on the machine that has a lease on the file is waited for, as by a CREATE: the client has not given up its open.</summary>
    private static async ValueTask<NtResult<IStoreFile>> OpenPatientlyAsync(
        Volume volume, StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var time = volume.Options.Time;
        var began = time.GetTimestamp();
        while (true)
        {
            var opened = await volume.Store.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
            if (opened.Status != NtStatus.OplockBreakInProgress)
            {
                return opened;
            }

            if (time.GetElapsedTime(began) > volume.Options.LocalLeasePatience)
            {
                return NtStatus.SharingViolation;
            }

            await Task.Delay(LocalProgramRetry, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static OpenState StateOf(OpenRecord record) => new()
    {
        FileId = record.FileId,
        Path = record.Path,
        IsDirectory = record.IsDirectory,
        GrantedAccess = record.GrantedAccess,
        ShareAccess = record.ShareAccess,
        Options = record.Options,
        Caller = record.Caller,
        ClientGuid = record.ClientGuid,
        ShareMaximalAccess = record.ShareMaximalAccess,
        HidesUnreadable = record.HidesUnreadable,
        IsPosix = record.IsPosix,
        DeleteOnClose = record.DeleteOnClose,
        Lease = record.Lease,
        Position = record.Position,
        Pinned = record.Pinned,
        LockSequences = new LockSequences(record.LockSequences),
    };
}
