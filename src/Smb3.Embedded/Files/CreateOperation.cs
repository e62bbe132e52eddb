using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>One CREATE on its way (MS-FSA section 2.1.5.1): checks the request, finds or makes the file, and opens it.</summary>
internal sealed partial class CreateOperation(Volume volume, CreateParameters parameters)
{
    private const CreateOptions UnknownOptions = (CreateOptions)0xFF000000;

    // FILE_CREATE_TREE_CONNECTION, FILE_OPEN_BY_FILE_ID and FILE_RESERVE_OPFILTER: Windows answers the three alike.
    private const CreateOptions UnsupportedOptions = (CreateOptions)0x00102080;

    // FILE_ATTRIBUTE_DEVICE, the volume label of old, and all that MS-FSCC 2.6 had not named when servers began to check.
    private const FileAttributes ForbiddenAttributes = unchecked((FileAttributes)0xFFFF8048);

    private static readonly TimeSpan LocalProgramRetry = TimeSpan.FromMilliseconds(50);

    private readonly ObservedCreate? _observed = parameters.Observer is { } observer ? new ObservedCreate(observer) : null;
    private FileAccessMask _desired;
    private FilePath _path;
    private bool _maximum;
    private FileAccessMask _outOfReach;
    private FileOpen? _abandoned;
    private OpenWait? _wait;
    private bool _hasWaited;
    private bool _isPatient = true;
    private long? _heldSince;

    private bool Overwrites =>
        parameters.Disposition is CreateDisposition.Supersede or CreateDisposition.Overwrite or CreateDisposition.OverwriteIf;

    private bool WantsDirectory => Has(CreateOptions.DirectoryFile) || _path.Stream == FilePath.StreamKind.Directory;

    private bool WantsFile => Has(CreateOptions.NonDirectoryFile) || _path.Stream == FilePath.StreamKind.Data;

    private IFileStore Store => volume.Store;

    private bool IsReadOnlyStore => Store.Traits.Has(StoreAbilities.ReadOnly);

    /// <summary>Does it.</summary>
    public async ValueTask<CreateOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var status = CheckRequest();
        if (status != NtStatus.Success)
        {
            return status;
        }

        _path = _path.At(await volume.ShortNames.ResolveAsync(_path.Path, cancellationToken).ConfigureAwait(false));
        while (true)
        {
            CreateOutcome outcome;
            try
            {
                outcome = await RunInTurnAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // Closing may delete the name, which takes a turn of its own.
                if (_abandoned is { } open)
                {
                    await open.CloseAsync(cancellationToken: CancellationToken.None).ConfigureAwait(false);
                }
            }

            if (_wait is not { } wait)
            {
                return outcome;
            }

            // Another client gives up what it caches, or its time runs out. Nobody else waits meanwhile: the turn is over.
            _wait = null;
            if (!_hasWaited && parameters.OnWait is { } onWait)
            {
                cancellationToken = onWait();
            }

            _hasWaited = true;
            await WaitAsync(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(OpenWait wait, CancellationToken cancellationToken)
    {
        if (!wait.IsForLeaving)
        {
            await wait.Changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await wait.Changed.WaitAsync(volume.Options.LeavePatience, volume.Options.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // They do not get closed: then they are in the way.
            _isPatient = false;
        }
    }

    private bool Has(CreateOptions option) => (parameters.Options & option) != 0;

    private async ValueTask<CreateOutcome> RunInTurnAsync(CancellationToken cancellationToken)
    {
        using var turn = await volume.PathLocks.LockAsync(_path.Path, cancellationToken).ConfigureAwait(false);
        for (var attempt = 0; ; attempt++)
        {
            var found = await OpenStoreAsync(cancellationToken).ConfigureAwait(false);
            if (found.Succeeded)
            {
                return NamesStream
                    ? await OpenStreamAsync(found.Value, cancellationToken).ConfigureAwait(false)
                    : await OpenExistingAsync(found.Value, cancellationToken).ConfigureAwait(false);
            }

            if (found.Status == NtStatus.OplockBreakInProgress)
            {
                return WaitForLocalProgram();
            }

            if (found.Status == NtStatus.ReparsePointEncountered)
            {
                return await StopOnTheWayAsync(cancellationToken).ConfigureAwait(false);
            }

            if (found.Status != NtStatus.ObjectNameNotFound)
            {
                return found.Status;
            }

            var outcome = await CreateNewAsync(cancellationToken).ConfigureAwait(false);

            // Something outside the server made the name in between: then it exists, unless it comes and goes.
            if (outcome.Status != NtStatus.ObjectNameCollision || parameters.Disposition == CreateDisposition.Create || attempt == 3)
            {
                return outcome;
            }
        }
    }

    /// <summary>Another program of the machine has the file and was asked to let go. Nobody says when it has: it is tried again.</summary>
    private NtStatus WaitForLocalProgram()
    {
        var time = volume.Options.Time;
        _heldSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(_heldSince.Value) > volume.Options.LocalLeasePatience)
        {
            return NtStatus.SharingViolation;
        }

        _wait = new OpenWait(Task.Delay(LocalProgramRetry, time));
        return NtStatus.Pending;
    }

    private NtStatus CheckRequest()
    {
        if (!AccessRules.IsAskable(parameters.DesiredAccess))
        {
            return NtStatus.AccessDenied;
        }

        if ((parameters.Options & UnknownOptions) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if (Has(UnsupportedOptions))
        {
            return NtStatus.NotSupported;
        }

        if (parameters.Disposition > CreateDisposition.OverwriteIf
            || (parameters.ShareAccess & ~ShareAccess.All) != 0
            || (parameters.Attributes & ForbiddenAttributes) != 0
            || (Has(CreateOptions.DirectoryFile) && (Has(CreateOptions.NonDirectoryFile) || Overwrites))
            || parameters.AllocationSize < 0)
        {
            return NtStatus.InvalidParameter;
        }

        _maximum = (parameters.DesiredAccess & FileAccessMask.MaximumAllowed) != 0;
        _desired = AccessRules.MapGeneric(parameters.DesiredAccess) & ~FileAccessMask.MaximumAllowed;
        if (_maximum && (parameters.DesiredAccess & FileAccessMask.GenericExecute) != 0)
        {
            _desired = (_desired & ~FileAccessMask.Execute) | (parameters.DesiredAccess & FileAccessMask.Execute); // a wish, as in Windows
        }

        if (Has(CreateOptions.DeleteOnClose) && !_maximum && (_desired & OperationRights.Of(FileOperation.Delete).Open) == 0)
        {
            return NtStatus.InvalidParameter;
        }

        if ((_desired & FileAccessMask.AccessSystemSecurity) != 0 && !parameters.Caller.IsAdministrator)
        {
            return NtStatus.PrivilegeNotHeld;
        }

        var status = FilePath.Parse(
            parameters.IsPosix ? PosixNames.ToWindows(parameters.Path) : parameters.Path, Store.Traits.MaxNameLength, out _path);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (NamesStream && !Store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return NtStatus.ObjectNameInvalid; // as a file system without streams says it
        }

        if (_path.Stream is FilePath.StreamKind.Data or FilePath.StreamKind.Named
            && Has(CreateOptions.DirectoryFile))
        {
            return NtStatus.NotADirectory;
        }

        if (parameters.ExtendedAttributes.Count > 0)
        {
            if (!Store.Traits.Has(StoreAbilities.ExtendedAttributes))
            {
                return NtStatus.EasNotSupported;
            }

            if (!EaNames.AreValid(parameters.ExtendedAttributes))
            {
                return NtStatus.InvalidEaName;
            }
        }

        if (_path.Stream == FilePath.StreamKind.Directory && Has(CreateOptions.NonDirectoryFile))
        {
            return NtStatus.FileIsADirectory;
        }

        if (_path.EndsInSeparator && Has(CreateOptions.NonDirectoryFile))
        {
            return NtStatus.ObjectNameInvalid;
        }

        // What the share does not give nobody gets, whatever the file says.
        var share = parameters.ShareMaximalAccess | FileAccessMask.AccessSystemSecurity;
        if ((_desired & ~share) != 0)
        {
            return NtStatus.AccessDenied;
        }

        return NtStatus.Success;
    }

    private async ValueTask<NtResult<IStoreFile>> OpenStoreAsync(CancellationToken cancellationToken)
    {
        if (NamesStream)
        {
            return await Store.OpenAsync(_path.Path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        }

        var access = NeededAccess();
        var found = await Store.OpenAsync(_path.Path, access, cancellationToken).ConfigureAwait(false);

        // The most that is allowed is whatever the medium allows.
        while (_maximum && !Overwrites && found.Status == NtStatus.AccessDenied && access > StoreAccess.Metadata)
        {
            found = await Store.OpenAsync(_path.Path, --access, cancellationToken).ConfigureAwait(false);
            _outOfReach = access == StoreAccess.Read ? AccessRules.Writing : AccessRules.Writing | AccessRules.Reading;
        }

        // A directory that may not be listed can still be passed through, and get files.
        const FileAccessMask List = FileAccessMask.ListDirectory;
        return found.Status == NtStatus.AccessDenied && !_maximum && !Overwrites && access > StoreAccess.Metadata && (_desired & List) == 0
            ? await OpenUnlistedAsync(cancellationToken).ConfigureAwait(false)
            : found;
    }

    private async ValueTask<NtResult<IStoreFile>> OpenUnlistedAsync(CancellationToken cancellationToken)
    {
        var found = await Store.OpenAsync(_path.Path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found;
        }

        IStoreFile? unused = found.Value;
        try
        {
            var known = await LearnAsync(found.Value, cancellationToken).ConfigureAwait(false);
            if (known is { Succeeded: true, Value.IsDirectory: true })
            {
                unused = null;
                return found;
            }
        }
        finally
        {
            if (unused is not null)
            {
                await unused.DisposeAsync().ConfigureAwait(false);
            }
        }

        return NtStatus.AccessDenied;
    }

    private StoreAccess NeededAccess()
    {
        var access = StoreAccess.Metadata;
        if (_maximum || (_desired & (FileAccessMask.ReadData | FileAccessMask.Execute)) != 0)
        {
            access = StoreAccess.Read;
        }

        if (!IsReadOnlyStore
            && (_maximum || Overwrites || (_desired & (FileAccessMask.WriteData | FileAccessMask.AppendData)) != 0))
        {
            access = StoreAccess.ReadWrite;
        }

        return access;
    }

    private async ValueTask<CreateOutcome> OpenExistingAsync(IStoreFile handle, CancellationToken cancellationToken)
    {
        FileObject? file = null;
        FileOpen? open = null;
        try
        {
            var stored = await LearnAsync(handle, cancellationToken).ConfigureAwait(false);
            if (!stored.Succeeded)
            {
                return stored.Status;
            }

            file = Reference(handle, stored.Value);
            var metadata = AsOpened(handle, stored.Value);
            file.Times.Learn(metadata);

            if (metadata.ReparseTag != 0 && IsStopped(file, handle.Path))
            {
                return await StopAsync(handle, unparsed: 0, cancellationToken).ConfigureAwait(false);
            }

            var isDeletePending = file.IsDeletePending(handle.Path);
            if (isDeletePending && _isPatient && (_wait = file.WaitForDeletion(handle.Path)) is not null)
            {
                return NtStatus.Pending;
            }

            var status = CheckKind(metadata, isDeletePending);
            if (status == NtStatus.Success)
            {
                status = CheckLeaseKey(file);
            }

            if (status != NtStatus.Success)
            {
                return status;
            }

            var granted = await GrantAsync(handle, metadata, cancellationToken).ConfigureAwait(false);
            if (!granted.Succeeded)
            {
                return granted.Status;
            }

            if (Has(CreateOptions.DeleteOnClose))
            {
                status = await CheckDeletionAsync(handle, file, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }

            if (_observed is not null)
            {
                status = await _observed.AskAsync(
                    Intend(FileName.PathOf(handle), (handle as IStoreStream)?.StreamName, stored.Value.IsDirectory, granted.Value, exists: true),
                    cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }

            if (Overwrites && !file.IsStream && !file.StreamsShareDelete())
            {
                return NtStatus.SharingViolation;
            }

            open = NewOpen(file, handle, granted.Value, metadata.IsDirectory);
            var extent = Math.Max(metadata.AllocationSize, metadata.Length);
            status = file.TryAdd(open, handle.Path, parameters.Caching, extent, Overwrites, _hasWaited, _isPatient, out _wait);
            if (status != NtStatus.Success)
            {
                open = null;
                return status;
            }

            volume.CountOpen(1);
            var action = CreateAction.Opened;
            if (Overwrites)
            {
                action = parameters.Disposition == CreateDisposition.Supersede ? CreateAction.Superseded : CreateAction.Overwritten;
                status = await OverwriteAsync(open, metadata, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }

                await volume.RaiseModifiedAsync(open, ChangeFilter.Size | ChangeFilter.LastWrite | ChangeFilter.Attributes).ConfigureAwait(false);
                await (file.Caching.WhenTold() ?? Task.CompletedTask).ConfigureAwait(false);
                stored = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
                if (!stored.Succeeded)
                {
                    return stored.Status;
                }

                file.Times.Learn(stored.Value);
            }

            var outcome = CreateOutcome.Opened(open, action, file.Times.Show(AsOpened(handle, stored.Value)));
            open = null;
            file = null;
            handle = null!;
            return outcome;
        }
        finally
        {
            // What is still here was not handed on.
            if (open is not null)
            {
                open.Record.DeleteOnClose = false;
                _abandoned = open;
            }
            else
            {
                if (file is not null)
                {
                    volume.Dereference(file);
                }

                if (handle is not null)
                {
                    await handle.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
    }

    private OpenIntent Intend(StorePath path, string? stream, bool isDirectory, FileAccessMask access, bool exists) =>
        new(new FileName(path, stream ?? string.Empty, isDirectory), access, parameters.Disposition, parameters.Options, exists);

    /// <summary>What a file is that was opened a moment ago.</summary>
    private static ValueTask<NtResult<FileMetadata>> LearnAsync(IStoreFile handle, CancellationToken cancellationToken) =>
        handle is IOpenedFile { MetadataAsOpened: { } known } ? new(known) : handle.GetMetadataAsync(cancellationToken);

    /// <summary>A lease key means one file (MS-SMB2 3.3.5.9.8).</summary>
    private NtStatus CheckLeaseKey(FileObject? file) =>
        parameters.Caching is { Table: { } table, Lease: { } lease } && !table.IsFreeFor(lease.Key, file)
            ? NtStatus.InvalidParameter
            : NtStatus.Success;

    private NtStatus CheckKind(in FileMetadata metadata, bool deletePending)
    {
        if (deletePending)
        {
            return NtStatus.DeletePending;
        }

        if (parameters.Disposition == CreateDisposition.Create)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (metadata.IsDirectory)
        {
            if (WantsFile)
            {
                return NtStatus.FileIsADirectory;
            }

            if (Overwrites)
            {
                return NtStatus.ObjectNameCollision;
            }

            if (_path.Path.IsRoot && Has(CreateOptions.DeleteOnClose))
            {
                return NtStatus.CannotDelete;
            }
        }
        else
        {
            if (WantsDirectory)
            {
                return NtStatus.NotADirectory;
            }

            if (_path.EndsInSeparator)
            {
                return NtStatus.ObjectNameInvalid;
            }
        }

        return NtStatus.Success;
    }

    private async ValueTask<NtResult<FileAccessMask>> GrantAsync(
        IStoreFile handle, FileMetadata metadata, CancellationToken cancellationToken)
    {
        var isReadOnly = (metadata.Attributes & FileAttributes.ReadOnly) != 0;
        var needed = _desired;
        if (Overwrites)
        {
            if (isReadOnly)
            {
                return NtStatus.AccessDenied;
            }

            const FileAttributes MustMatch = FileAttributes.Hidden | FileAttributes.System;
            if ((metadata.Attributes & MustMatch & ~parameters.Attributes) != 0)
            {
                return NtStatus.AccessDenied;
            }

            needed |= OperationRights.OfOverwrite(parameters.Disposition).File;
            if ((needed & ~(parameters.ShareMaximalAccess | FileAccessMask.AccessSystemSecurity)) != 0)
            {
                return NtStatus.AccessDenied;
            }
        }

        var unwritable = !metadata.IsDirectory && isReadOnly ? AccessRules.WithheldByReadOnly : 0;
        unwritable |= metadata.IsDirectory ? _outOfReach & FileAccessMask.ListDirectory : _outOfReach;
        if ((needed & unwritable) != 0)
        {
            return NtStatus.AccessDenied;
        }

        if (isReadOnly && Has(CreateOptions.DeleteOnClose))
        {
            return NtStatus.CannotDelete;
        }

        if (IsReadOnlyStore)
        {
            if ((needed & AccessRules.Changing) != 0)
            {
                return NtStatus.MediaWriteProtected;
            }

            unwritable |= AccessRules.Changing;
        }

        var wanted = needed;
        if (_maximum)
        {
            wanted |= FileAccessMask.FileAllAccess & parameters.ShareMaximalAccess & ~unwritable;
        }

        var allowed = await volume.Security.GrantAsync(handle, metadata.IsDirectory, parameters.Caller, wanted, cancellationToken).ConfigureAwait(false);
        if (!allowed.Succeeded)
        {
            return allowed;
        }

        if ((needed & ~allowed.Value) != 0)
        {
            return NtStatus.AccessDenied;
        }

        // What a disposition implies is checked, but not granted.
        var granted = _maximum ? allowed.Value : _desired;
        if (granted == 0 || (Has(CreateOptions.DeleteOnClose) && (granted & OperationRights.Of(FileOperation.Delete).Open) == 0))
        {
            return NtStatus.AccessDenied;
        }

        return granted;
    }

    /// <summary>
    /// Whether FILE_DELETE_ON_CLOSE can be promised. As on Windows, a directory may be opened so before the client has emptied it; one that
    /// looks empty and is not, the client cannot empty.
    /// </summary>
    private async ValueTask<NtStatus> CheckDeletionAsync(IStoreFile handle, FileObject file, CancellationToken cancellationToken)
    {
        var status = await volume.CanDeleteAsync(handle, handle.Path, file.StreamName, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.DirectoryNotEmpty)
        {
            return status;
        }

        var listed = await Deletability.AnyListedAsync(handle, cancellationToken).ConfigureAwait(false);
        return !listed.Succeeded ? listed.Status : listed.Value ? NtStatus.Success : NtStatus.DirectoryNotEmpty;
    }

    private async ValueTask<NtStatus> OverwriteAsync(FileOpen open, FileMetadata old, CancellationToken cancellationToken)
    {
        open.File.NoteChange();
        var status = await open.Handle.SetLengthAsync(0, cancellationToken).ConfigureAwait(false);
        open.File.NoteChange();
        if (status == NtStatus.Success && parameters.AllocationSize > 0)
        {
            status = await open.Handle.AllocateAsync(parameters.AllocationSize, cancellationToken).ConfigureAwait(false);
        }

        if (status != NtStatus.Success)
        {
            return status;
        }

        // Attributes, and the other streams, are no business of a stream.
        if (open.File.IsStream)
        {
            return await open.Handle.SetMetadataAsync(new FileMetadataChange { LastWriteTime = volume.Now() }, cancellationToken).ConfigureAwait(false);
        }

        status = await ReplaceExtrasAsync(open, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var attributes = (parameters.Attributes & SetBasicOperation.SettableAttributes) | FileAttributes.Archive;
        if (parameters.Disposition != CreateDisposition.Supersede)
        {
            attributes |= old.Attributes & SetBasicOperation.SettableAttributes;
        }

        return await open.Handle.SetMetadataAsync(
            new FileMetadataChange { Attributes = attributes, LastWriteTime = volume.Now() }, cancellationToken).ConfigureAwait(false);
    }

    private FileOpen NewOpen(FileObject file, IStoreFile handle, FileAccessMask granted, bool isDirectory) => new(
        file,
        new OpenRecord
        {
            FileId = file.FileId,
            Path = handle.Path,
            IsDirectory = isDirectory,
            GrantedAccess = granted,
            ShareAccess = parameters.ShareAccess,
            Options = parameters.Options,
            Caller = parameters.Caller,
            ClientGuid = parameters.ClientGuid,
            ShareMaximalAccess = parameters.ShareMaximalAccess,
            HidesUnreadable = parameters.HidesUnreadable,
            DeleteOnClose = Has(CreateOptions.DeleteOnClose),
            IsPosix = parameters.IsPosix,
            Lease = parameters.Caching?.Lease,
        },
        handle)
    {
        DeletesAtOnce = parameters.IsPosix && Has(CreateOptions.DeleteOnClose),
        Observation = _observed?.Observe(),
    };
}
