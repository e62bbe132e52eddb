using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Names: renaming, linking, deleting, listing.
internal sealed partial class FileOpen
{
    /// <summary>Begins or continues the listing of this directory (MS-FSA section 2.1.5.6.3).</summary>
    /// <param name="pattern">The expression; only that of the first query counts, or that of one with <paramref name="reopen"/>.</param>
    /// <param name="restart">SMB2_RESTART_SCANS.</param>
    /// <param name="reopen">SMB2_REOPEN.</param>
    /// <param name="after">SMB2_INDEX_SPECIFIED: the index of the entry behind which it goes on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The query, to be disposed; or INVALID_PARAMETER for a file, ACCESS_DENIED, OBJECT_NAME_INVALID.</returns>
    public async ValueTask<NtResult<DirectoryQuery>> QueryDirectoryAsync(
        string pattern, bool restart, bool reopen, uint? after, CancellationToken cancellationToken)
    {
        if (!IsDirectory)
        {
            return NtStatus.InvalidParameter; // MS-SMB2 3.3.5.18
        }

        if (!HasAny(FileAccessMask.ListDirectory))
        {
            return NtStatus.AccessDenied;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        NameGate.Turn? turn = null;
        var handedOn = false;
        try
        {
            turn = await CursorGate.EnterAsync(StorePath.Root, cancellationToken).ConfigureAwait(false);
            _cursor ??= new DirectoryCursor(this);
            var status = await _cursor.StartAsync(pattern, restart, reopen, after, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            handedOn = true;
            return new DirectoryQuery(_cursor, this, turn.Value);
        }
        finally
        {
            if (!handedOn)
            {
                turn?.Dispose();
                Exit();
            }
        }
    }

    /// <summary>Ends a <see cref="DirectoryQuery"/>.</summary>
    internal void EndQuery(NameGate.Turn turn)
    {
        turn.Dispose();
        Exit();
    }

    /// <summary>FileRenameInformation: a rename without the flags of FileRenameInformationEx.</summary>
    public ValueTask<NtStatus> RenameAsync(
        string newPath, bool replace, bool posix, Func<CancellationToken>? onWait, CancellationToken cancellationToken) =>
        RenameAsync(newPath, replace, posix, ignoreReadOnly: false, onWait, cancellationToken);

    /// <summary>FileRenameInformation and FileRenameInformationEx (MS-FSA section 2.1.5.15.12).</summary>
    /// <param name="newPath">The new path from the root of the share, unchecked.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="posix">FILE_RENAME_POSIX_SEMANTICS: a replaced file may be open.</param>
    /// <param name="ignoreReadOnly">FILE_RENAME_IGNORE_READONLY_ATTRIBUTE: a replaced file may be read-only.</param>
    /// <param name="onWait">Called once, before it waits for other clients to close what they cache; its token ends that.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> RenameAsync(
        string newPath, bool replace, bool posix, bool ignoreReadOnly, Func<CancellationToken>? onWait, CancellationToken cancellationToken)
    {
        if (!HasAny(OperationRights.OfRename(IsDirectory).Open))
        {
            return NtStatus.AccessDenied;
        }

        posix |= Record.IsPosix;
        if (File.IsStream || (newPath.StartsWith(':') && !Record.IsPosix))
        {
            return await RenameStreamAsync(newPath, replace, cancellationToken).ConfigureAwait(false);
        }

        var status = ParseTarget(newPath, out var target);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (Path.IsRoot)
        {
            return NtStatus.InvalidParameter;
        }

        target = await Volume.ShortNames.ResolveAsync(target, cancellationToken).ConfigureAwait(false);
        var wait = new HandleWait(onWait);
        while (true)
        {
            if (!TryEnter())
            {
                return NtStatus.FileClosed;
            }

            try
            {
                var source = Path;
                using var turn = IsDirectory
                    ? await Volume.Gate.EnterAloneAsync(cancellationToken).ConfigureAwait(false)
                    : await Volume.Gate.EnterAsync(source, target, cancellationToken).ConfigureAwait(false);
                if (source != Path)
                {
                    continue;
                }

                status = await RenameInTurnAsync(source, target, replace, posix, ignoreReadOnly, wait, cancellationToken)
                    .ConfigureAwait(false);
                if (!wait.IsNeeded)
                {
                    return status;
                }
            }
            finally
            {
                Exit();
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>FileLinkInformation: a link without the flags of FileLinkInformationEx.</summary>
    public ValueTask<NtStatus> LinkAsync(
        string newPath, bool replace, Func<CancellationToken>? onWait, CancellationToken cancellationToken) =>
        LinkAsync(newPath, replace, ignoreReadOnly: false, onWait, cancellationToken);

    /// <summary>FileLinkInformation and FileLinkInformationEx (MS-FSA section 2.1.5.15.6).</summary>
    /// <param name="newPath">The new name's path from the root of the share, unchecked.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="ignoreReadOnly">FILE_LINK_IGNORE_READONLY_ATTRIBUTE: a replaced file may be read-only.</param>
    /// <param name="onWait">Called once, before it waits for other clients to close what they cache; its token ends that.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> LinkAsync(
        string newPath, bool replace, bool ignoreReadOnly, Func<CancellationToken>? onWait, CancellationToken cancellationToken)
    {
        var status = ParseTarget(newPath, out var target);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (IsDirectory)
        {
            return NtStatus.FileIsADirectory;
        }

        if (File.IsStream)
        {
            return NtStatus.InvalidParameter;
        }

        if (!Volume.Store.Traits.Has(StoreAbilities.HardLinks))
        {
            return NtStatus.NotSupported;
        }

        if (Volume.Store.Traits.Has(StoreAbilities.ReadOnly))
        {
            return NtStatus.MediaWriteProtected;
        }

        var wait = new HandleWait(onWait);
        while (true)
        {
            if (!TryEnter())
            {
                return NtStatus.FileClosed;
            }

            try
            {
                var source = Path;
                using var turn = await Volume.Gate.EnterAsync(source, target, cancellationToken).ConfigureAwait(false);
                if (source != Path)
                {
                    continue;
                }

                if (IsDeletePending)
                {
                    return NtStatus.AccessDenied;
                }

                var victim = await CheckTargetAsync(
                    target, replace, Record.IsPosix, ignoreReadOnly, OperationRights.Of(FileOperation.Link), wait, cancellationToken)
                    .ConfigureAwait(false);
                if (!wait.IsNeeded && !victim.Succeeded)
                {
                    return victim.Status;
                }

                if (!wait.IsNeeded)
                {
                    if (Observation is { } observation
                        && await observation.AskLinkAsync(Volume.Store, source, target, victim.Value is not null, cancellationToken)
                            .ConfigureAwait(false) is var answer and not NtStatus.Success)
                    {
                        return answer;
                    }

                    return await LinkInTurnAsync(source, target, replace, victim.Value, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                Exit();
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<NtStatus> LinkInTurnAsync(
        StorePath source, StorePath target, bool replace, StoreVictim? victim, CancellationToken cancellationToken)
    {
        if (victim is { } existing && existing.FileId == File.FileId)
        {
            return NtStatus.Success;
        }

        var seers = victim is null ? null : await Volume.Watches.FindSeersAsync(target).ConfigureAwait(false);
        var status = await Volume.Store.LinkAsync(source, target, replace, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            await RaiseAppearedAsync(target, victim, seers).ConfigureAwait(false);
        }

        return status;
    }

    /// <summary>FileDispositionInformation and FileDispositionInformationEx (MS-FSA section 2.1.5.15.3).</summary>
    /// <param name="delete">Whether the name goes.</param>
    /// <param name="posix">Whether it goes with the close of this open, whoever else has the file open.</param>
    /// <param name="ignoreReadOnly">Whether the read-only attribute is no hindrance.</param>
    /// <param name="onClose">FILE_DISPOSITION_ON_CLOSE: changes what FILE_DELETE_ON_CLOSE said at the open, not the name.</param>
    /// <param name="onWait">Called once, before it waits for other clients to close what they cache; its token ends that.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> SetDispositionAsync(
        bool delete, bool posix, bool ignoreReadOnly, bool onClose, Func<CancellationToken>? onWait, CancellationToken cancellationToken)
    {
        if (!HasAny(OperationRights.Of(FileOperation.Delete).Open))
        {
            return NtStatus.AccessDenied;
        }

        if (onClose)
        {
            if ((Options & CreateOptions.DeleteOnClose) == 0)
            {
                return NtStatus.NotSupported;
            }

            return await SetDeleteOnCloseAsync(delete, ignoreReadOnly, cancellationToken).ConfigureAwait(false);
        }

        posix |= Record.IsPosix;
        var wait = new HandleWait(onWait);
        while (true)
        {
            if (!TryEnter())
            {
                return NtStatus.FileClosed;
            }

            try
            {
                if (!delete)
                {
                    DeletesAtOnce = false;
                    File.SetDeletePending(this, false);
                    return NtStatus.Success;
                }

                var path = Path;
                using var turn = await Volume.Gate.EnterAsync(path, cancellationToken).ConfigureAwait(false);
                var status = await CheckDeletableAsync(ignoreReadOnly, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }

                if (!wait.Finds(File, this))
                {
                    if (Observation is { } observation
                        && await observation.AskDeleteAsync(Volume.Store, path, cancellationToken).ConfigureAwait(false) is var answer and not NtStatus.Success)
                    {
                        return answer;
                    }

                    DeletesAtOnce = posix;
                    File.SetDeletePending(this, true);
                    return NtStatus.Success;
                }
            }
            finally
            {
                Exit();
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The rights of other objects than this one, for this open's caller.</summary>
    private ObjectRights Others => new(Volume.Security, Record.Caller, Record.ShareMaximalAccess);

    private async ValueTask<NtStatus> SetDeleteOnCloseAsync(bool delete, bool ignoreReadOnly, CancellationToken cancellationToken)
    {
        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var status = delete ? await CheckDeletableAsync(ignoreReadOnly, cancellationToken).ConfigureAwait(false) : NtStatus.Success;
            if (delete && status == NtStatus.Success && Observation is { } observation)
            {
                status = await observation.AskDeleteAsync(Volume.Store, Path, cancellationToken).ConfigureAwait(false);
            }

            if (status == NtStatus.Success)
            {
                Record.DeleteOnClose = delete;
            }

            return status;
        }
        finally
        {
            Exit();
        }
    }

    private NtStatus ParseTarget(string newPath, out StorePath target)
    {
        target = default;
        var status = FilePath.Parse(
            Record.IsPosix ? PosixNames.ToWindows(newPath) : newPath, Volume.Store.Traits.MaxNameLength, out var parsed);
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

    private async ValueTask<NtStatus> RenameInTurnAsync(
        StorePath source, StorePath target, bool replace, bool posix, bool ignoreReadOnly, HandleWait wait,
        CancellationToken cancellationToken)
    {
        if (IsDeletePending)
        {
            return NtStatus.AccessDenied;
        }

        // Windows asks the others even for the name that the file has.
        if (source == target)
        {
            return wait.Finds(File, this) ? NtStatus.OplockBreakInProgress : NtStatus.Success;
        }

        if (IsDirectory && target.IsBelow(source, Volume.NameComparison))
        {
            return NtStatus.InvalidParameter;
        }

        if (File.HasOpenStreams)
        {
            return NtStatus.AccessDenied;
        }

        // On POSIX systems a directory moves with all that is open in it.
        if (IsDirectory && !Record.IsPosix && HasOpenBelow(source, wait))
        {
            return NtStatus.AccessDenied;
        }

        StoreVictim? replaced = null;
        var rights = OperationRights.OfRename(IsDirectory);
        if (!Volume.SamePath(source, target))
        {
            var victim = await CheckTargetAsync(target, replace, posix, ignoreReadOnly, rights, wait, cancellationToken)
                .ConfigureAwait(false);
            if (!victim.Succeeded)
            {
                return victim.Status;
            }

            replaced = victim.Value;

            // Two names of one file: the old one goes, the new one stays as it is.
            if (replaced is { } existing && existing.FileId == File.FileId)
            {
                if (Observation is { } observer
                    && await observer.AskRenameAsync(Volume.Store, source, target, replaces: false, cancellationToken)
                        .ConfigureAwait(false) is var refusal and not NtStatus.Success)
                {
                    return refusal;
                }

                return await Volume.Store.DeleteAsync(source, cancellationToken).ConfigureAwait(false);
            }
        }
        else
        {
            // Another case is another name too, if nobody's but the file's own.
            var parent = await CheckParentAsync(target.Parent, rights, wait, cancellationToken).ConfigureAwait(false);
            if (parent != NtStatus.Success)
            {
                return parent;
            }
        }

        if (wait.Finds(File, this))
        {
            return NtStatus.OplockBreakInProgress;
        }

        if (Observation is { } observation
            && await observation.AskRenameAsync(Volume.Store, source, target, replaced is not null, cancellationToken)
                .ConfigureAwait(false) is var answer and not NtStatus.Success)
        {
            return answer;
        }

        var seers = await Volume.Watches.FindSeersAsync(source).ConfigureAwait(false);
        var status = await Volume.Store.RenameAsync(source, target, replaced is not null, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        Observation?.Renamed();
        if (replaced is { } gone)
        {
            Volume.Find(gone.FileId)?.RemoveName(target);
        }

        MoveLinks(source, target);
        if (IsDirectory)
        {
            Volume.Watches.Rekey();
        }

        Volume.Tunnel.Remember(source);
        var filter = IsDirectory ? ChangeFilter.DirectoryName : ChangeFilter.FileName;
        await Volume.RaiseRenamedAsync(source, target, filter, this, seers).ConfigureAwait(false);
        _renamed = !IsDirectory;
        await ArchiveAsync(cancellationToken).ConfigureAwait(false);
        return NtStatus.Success;
    }

    /// <summary>Checks that a name can be taken: what stands there, who has it open, and who holds the directory.</summary>
    private async ValueTask<NtResult<StoreVictim?>> CheckTargetAsync(
        StorePath target, bool replace, bool posix, bool ignoreReadOnly, OperationRights rights, HandleWait wait,
        CancellationToken cancellationToken)
    {
        if (Volume.IsDeletePending(target.Parent))
        {
            return NtStatus.DeletePending;
        }

        var parent = await CheckParentAsync(target.Parent, rights, wait, cancellationToken).ConfigureAwait(false);
        if (parent != NtStatus.Success)
        {
            return parent;
        }

        var found = await Volume.Store.OpenAsync(target, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
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
        if (existing.FileId == File.FileId && !IsDirectory && Volume.SamePath(target, Path))
        {
            return new NtResult<StoreVictim?>((StoreVictim?)existing);
        }

        if (!replace)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (existing.IsDirectory || IsDirectory)
        {
            return NtStatus.AccessDenied;
        }

        // MS-FSA 2.1.5.15.12: without the flag of the extended classes a read-only file is not replaced.
        if (!ignoreReadOnly && (metadata.Value.Attributes & FileAttributes.ReadOnly) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var deletable = await Others.CheckReplacedAsync(handle, existing.IsDirectory, rights, cancellationToken).ConfigureAwait(false);
        if (deletable != NtStatus.Success)
        {
            return deletable;
        }

        if (existing.FileId != File.FileId && Volume.Find(existing.FileId) is { } file)
        {
            // A name that is deleted and only waits for the last handle is nobody's any more. Clients with POSIX applications replace
            // an open file so, where the server has no POSIX semantics for them: delete, and rename again.
            var isGoing = file.IsDeletePending(handle.Path);
            if (!isGoing && wait.Finds(file, null))
            {
                return NtStatus.AccessDenied;
            }

            var mayBeOpen = posix || isGoing;
            if (file.HasOpenStreams || file.AnyOpen(null, open => !mayBeOpen || (open.ShareAccess & ShareAccess.Delete) == 0))
            {
                return NtStatus.AccessDenied;
            }
        }

        return new NtResult<StoreVictim?>((StoreVictim?)existing);
    }

    /// <summary>
    /// A rename opens the directory that gets the name for writing, sharing reads and writes: who holds it open for deletion, or without
    /// letting others write, stands in the way (MS-FSA 2.1.5.15.12). When a file gets the name, the opens of every client count
    /// (smb2.oplock.batch20 relies on it); when a directory does, those of the client that renames only, as with smbd: a stranger that holds
    /// a directory open, for watching it say, must not keep everybody else from renaming folders in it (smb2.notify-inotify).
    /// </summary>
    private async ValueTask<NtStatus> CheckParentAsync(
        StorePath path, OperationRights rights, HandleWait? wait, CancellationToken cancellationToken)
    {
        var right = rights.Directory;
        var opened = await Volume.Store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
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

        var status = await Others.CheckDirectoryAsync(handle, rights, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success || Volume.Find(metadata.Value.FileId) is not { } directory)
        {
            return status;
        }

        Guid? client = right == FileAccessMask.AddSubdirectory ? Record.ClientGuid : null;
        status = directory.CheckShare(path, right, ShareAccess.Read | ShareAccess.Write, client);

        // As for every open: a handle that is only cached is closed before it stands in the way.
        if (status == NtStatus.SharingViolation)
        {
            wait?.Finds(directory, null);
        }

        return status;
    }

    /// <summary>
    /// Whether something below a directory is open, which keeps it from being renamed. Handles that are only cached are closed for it, if
    /// nothing else stands in the way; but who opens something after that is not asked (MS-FSA section 2.1.5.15.12).
    /// </summary>
    private bool HasOpenBelow(StorePath directory, HandleWait wait)
    {
        var cached = new List<FileObject>();
        foreach (var file in Volume.GetFiles())
        {
            if (!file.AnyOpen(this, open => open.Path.IsBelow(directory, Volume.NameComparison)))
            {
                continue;
            }

            if (file.AnyOpen(this, open =>
                open.Path.IsBelow(directory, Volume.NameComparison) && !FileCaching.CachesHandle(open, wait.HasWaited)))
            {
                return true;
            }

            cached.Add(file);
        }

        foreach (var file in cached)
        {
            wait.Finds(file, null);
        }

        // What was closed between the two looks does not count.
        return cached.Count > 0 && (wait.IsNeeded || HasOpenBelow(directory, wait));
    }

    private void MoveLinks(StorePath source, StorePath target)
    {
        if (Link is { } link)
        {
            File.Move(link, target);
        }

        Record.Path = target;
        if (!IsDirectory)
        {
            return;
        }

        // Of a POSIX client's rename: what is open below moves along.
        foreach (var file in Volume.GetFiles())
        {
            foreach (var below in file.GetLinks())
            {
                if (below.Path.IsBelow(source, Volume.NameComparison))
                {
                    file.Move(below, new StorePath(target.Text + below.Path.Text[source.Text.Length..]));
                }
            }
        }
    }

    private async ValueTask RaiseAppearedAsync(StorePath path, StoreVictim? replaced, IReadOnlySet<DirectoryWatch>? seers)
    {
        if (replaced is not null)
        {
            await Volume.RaiseAsync(new FileChange(ChangeAction.Removed, path, ChangeFilter.FileName, seers), this).ConfigureAwait(false);
        }

        await Volume.RaiseAsync(new FileChange(ChangeAction.Added, path, ChangeFilter.FileName), this).ConfigureAwait(false);
    }

    /// <summary>NTFS marks a renamed and a written file for the next backup.</summary>
    private async ValueTask ArchiveAsync(CancellationToken cancellationToken)
    {
        if (IsDirectory || !Volume.Store.Traits.Has(StoreAbilities.DosAttributes))
        {
            return;
        }

        var metadata = await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (metadata.Succeeded && !metadata.Value.IsDirectory && (metadata.Value.Attributes & FileAttributes.Archive) == 0)
        {
            var attributes = metadata.Value.Attributes | FileAttributes.Archive;
            var keep = metadata.Value.ChangeTime;
            await _file.SetMetadataAsync(new FileMetadataChange { Attributes = attributes, ChangeTime = keep }, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<NtStatus> CheckDeletableAsync(bool ignoreReadOnly, CancellationToken cancellationToken)
    {
        if (Path.IsRoot && !File.IsStream)
        {
            return NtStatus.CannotDelete;
        }

        var metadata = await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if (!ignoreReadOnly && (metadata.Value.Attributes & FileAttributes.ReadOnly) != 0)
        {
            return NtStatus.CannotDelete;
        }

        return await Volume.CanDeleteAsync(_file, Path, File.StreamName, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What stands where a name is to go.</summary>
    private readonly record struct StoreVictim(ulong FileId, bool IsDirectory);
}
