using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Names;

/// <summary>The place where a rename or a link puts a name: what exists there, and whether it may be replaced.</summary>
internal static class NameTarget
{
    /// <summary>The rights that this open's caller has on objects other than this one.</summary>
    public static ObjectRights Others(this FileOpen open) => new(open.Volume.Security, open.State.Caller, open.State.ShareMaximalAccess);

    public static NtStatus ParseTarget(this FileOpen open, string newPath, out StorePath target)
    {
        target = default;
        var status = FilePath.Parse(
            open.State.IsPosix ? PosixNames.ToWindows(newPath) : newPath, open.Volume.Store.Traits.MaxNameLength, out var parsed);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (parsed.Path.IsRoot)
        {
            return NtStatus.ObjectNameInvalid;
        }

        if (parsed.Stream == FilePath.StreamKind.Named)
        {
            return NtStatus.NotSupported;
        }

        target = parsed.Path;
        return NtStatus.Success;
    }

    /// <summary>Checks that a name can be taken: what exists there, which opens it has, and which opens the directory has.</summary>
    public static async ValueTask<NtResult<StoreVictim?>> CheckTargetAsync(
        this FileOpen open, StorePath target, bool replace, bool posix, bool ignoreReadOnly, OperationRights rights, HandleWait wait,
        CancellationToken cancellationToken)
    {
        if (open.Volume.Doomed.Contains(target.Parent))
        {
            return NtStatus.DeletePending;
        }

        var parent = await open.CheckParentAsync(target.Parent, rights, wait, cancellationToken).ConfigureAwait(false);
        if (parent != NtStatus.Success)
        {
            return parent;
        }

        var found = await open.Volume.Store.OpenAsync(target, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (found.Status == NtStatus.ObjectNameNotFound)
        {
            return new NtResult<StoreVictim?>((StoreVictim?)null);
        }

        if (!found.Succeeded)
        {
            return found.Status;
        }

        var handle = found.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var existing = new StoreVictim(metadata.Value.FileId, metadata.Value.IsDirectory);
        if (existing.FileId == open.File.FileId && !open.IsDirectory && open.Volume.SamePath(target, open.Path))
        {
            return new NtResult<StoreVictim?>((StoreVictim?)existing);
        }

        if (!replace)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (existing.IsDirectory || open.IsDirectory)
        {
            return NtStatus.AccessDenied;
        }

        // MS-FSA 2.1.5.15.11: without the flag of the extended classes a read-only file is not replaced.
        if (!ignoreReadOnly && (metadata.Value.Attributes & FileAttributes.ReadOnly) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var deletable = await open.Others().CheckReplacedAsync(handle, existing.IsDirectory, rights, cancellationToken)
            .ConfigureAwait(false);
        if (deletable != NtStatus.Success)
        {
            return deletable;
        }

        if (existing.FileId != open.File.FileId && open.Volume.OpenFiles.Find(existing.FileId) is { } file)
        {
            // A name that is deleted and only waits for its last handle to close is free to be taken. This is how clients with POSIX
            // applications replace an open file if the server has no POSIX semantics for them: delete, then rename again.
            var isGoing = file.IsDeletePending(open.Volume.PathOf(handle));
            if (!isGoing && wait.Finds(file, null))
            {
                return NtStatus.AccessDenied;
            }

            var mayBeOpen = posix || isGoing;
            if (file.HasOpenStreams || file.AnyOpen(null, other => !mayBeOpen || (other.ShareAccess & ShareAccess.Delete) == 0))
            {
                return NtStatus.AccessDenied;
            }
        }

        return new NtResult<StoreVictim?>((StoreVictim?)existing);
    }

    /// <summary>
    /// A rename opens the directory that receives the name for writing, sharing reads and writes: an open of that directory for deletion,
    /// or one that does not share writing, stands in the way (MS-FSA 2.1.5.15.11). When a file gets the name, the opens of every client
    /// count (smb2.oplock.batch20 relies on it); when a directory does, only those of the renaming client, as with smbd: another client
    /// that holds a directory open, to watch it for example, must not keep all others from renaming folders in it (smb2.notify-inotify).
    /// </summary>
    public static async ValueTask<NtStatus> CheckParentAsync(
        this FileOpen open, StorePath path, OperationRights rights, HandleWait? wait, CancellationToken cancellationToken)
    {
        var right = rights.Directory;
        var opened = await open.Volume.Store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status == NtStatus.ObjectNameNotFound ? NtStatus.ObjectPathNotFound : opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if (!metadata.Value.IsDirectory)
        {
            return NtStatus.ObjectPathNotFound;
        }

        var status = await open.Others().CheckDirectoryAsync(handle, rights, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success || open.Volume.OpenFiles.Find(metadata.Value.FileId) is not { } directory)
        {
            return status;
        }

        Guid? client = right == FileAccessMask.AddSubdirectory ? open.State.ClientGuid : null;
        status = directory.CheckShare(path, right, ShareAccess.Read | ShareAccess.Write, client);

        // As for every open: a handle that is merely cached is closed before it counts as being in the way.
        if (status == NtStatus.SharingViolation)
        {
            wait?.Finds(directory, null);
        }

        return status;
    }

    /// <summary>What exists at the place where a name is to go.</summary>
    public readonly record struct StoreVictim(ulong FileId, bool IsDirectory);
}
