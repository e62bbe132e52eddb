using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Creating;

/// <summary>One CREATE in progress: what it asks for, checked, and how far it has got.</summary>
internal sealed class OngoingCreate(Volume volume, CreateParameters parameters)
{
    private const CreateOptions UnknownOptions = (CreateOptions)0xFF000000;

    // FILE_CREATE_TREE_CONNECTION, FILE_OPEN_BY_FILE_ID and FILE_RESERVE_OPFILTER: Windows answers all three alike.
    private const CreateOptions UnsupportedOptions = (CreateOptions)0x00102080;

    // FILE_ATTRIBUTE_DEVICE, the old volume label, and what MS-FSCC 2.6 had not named when servers began to check; but what ReFS has of
    // it, FILE_ATTRIBUTE_INTEGRITY_STREAM and NO_SCRUB_DATA, may be asked for and is ignored (MS-FSA 2.1.5.1).
    private const FileAttributes ForbiddenAttributes = unchecked((FileAttributes)0xFFFD0048);

    /// <summary>The volume that it is for.</summary>
    public Volume Volume { get; } = volume;

    /// <summary>What is asked for.</summary>
    public CreateParameters Parameters { get; } = parameters;

    /// <summary>The observer to ask before the file is opened or made; <see langword="null"/> if there is none.</summary>
    public ObservedCreate? Observed { get; } = parameters.Observer is { } observer ? new ObservedCreate(observer) : null;

    /// <summary>The rights that are asked for by name.</summary>
    public FileAccessMask Desired { get; private set; }

    /// <summary>Whether all available rights are asked for (MAXIMUM_ALLOWED).</summary>
    public bool Maximum { get; private set; }

    /// <summary>The path.</summary>
    public FilePath Path { get; set; }

    /// <summary>Rights that the medium cannot give.</summary>
    public FileAccessMask OutOfReach { get; set; }

    /// <summary>An open that no client will get, to be closed when the turn is over.</summary>
    public FileOpen? Abandoned { get; set; }

    /// <summary>With PENDING: what to wait for.</summary>
    public OpenWait? Wait { get; set; }

    /// <summary>Whether it has waited.</summary>
    public bool HasWaited { get; set; }

    /// <summary>Whether it waits for opens that are about to be closed.</summary>
    public bool IsPatient { get; set; } = true;

    /// <summary>Since when another program on the machine has kept it from the file.</summary>
    public long? HeldSince { get; set; }

    /// <summary>Whether an existing file is reset as if it were new.</summary>
    public bool Overwrites =>
        Parameters.Disposition is CreateDisposition.Supersede or CreateDisposition.Overwrite or CreateDisposition.OverwriteIf;

    /// <summary>Whether only a directory will do.</summary>
    public bool WantsDirectory => Has(CreateOptions.DirectoryFile) || Path.Stream == FilePath.StreamKind.Directory;

    /// <summary>Whether only a file will do.</summary>
    public bool WantsFile => Has(CreateOptions.NonDirectoryFile) || Path.Stream == FilePath.StreamKind.Data;

    /// <summary>Whether a named stream is asked for.</summary>
    public bool NamesStream => Path.Stream == FilePath.StreamKind.Named;

    /// <summary>The store with the files.</summary>
    public IFileStore Store => Volume.Store;

    /// <summary>Whether nothing can be changed there.</summary>
    public bool IsReadOnlyStore => Store.Traits.Has(StoreAbilities.ReadOnly);

    /// <summary>Whether an option is set.</summary>
    public bool Has(CreateOptions option) => (Parameters.Options & option) != 0;

    /// <summary>What the store's handle must be able to do.</summary>
    public StoreAccess NeededAccess()
    {
        var access = StoreAccess.Metadata;
        if (Maximum || (Desired & (FileAccessMask.ReadData | FileAccessMask.Execute)) != 0)
        {
            access = StoreAccess.Read;
        }

        if (!IsReadOnlyStore
            && (Maximum || Overwrites || (Desired & (FileAccessMask.WriteData | FileAccessMask.AppendData)) != 0))
        {
            access = StoreAccess.ReadWrite;
        }

        return access;
    }

    /// <summary>Checks what can be checked without looking at the file, and parses the path.</summary>
    public NtStatus CheckRequest()
    {
        if (!AccessRules.IsAskable(Parameters.DesiredAccess))
        {
            return NtStatus.AccessDenied;
        }

        if ((Parameters.Options & UnknownOptions) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if (Has(UnsupportedOptions))
        {
            return NtStatus.NotSupported;
        }

        if (Parameters.Disposition > CreateDisposition.OverwriteIf
            || (Parameters.ShareAccess & ~ShareAccess.All) != 0
            || (Parameters.Attributes & ForbiddenAttributes) != 0
            || (Has(CreateOptions.DirectoryFile) && (Has(CreateOptions.NonDirectoryFile) || Overwrites))
            || Parameters.AllocationSize < 0)
        {
            return NtStatus.InvalidParameter;
        }

        Maximum = (Parameters.DesiredAccess & FileAccessMask.MaximumAllowed) != 0;
        Desired = AccessRules.MapGeneric(Parameters.DesiredAccess) & ~FileAccessMask.MaximumAllowed;
        if (Maximum && (Parameters.DesiredAccess & FileAccessMask.GenericExecute) != 0)
        {
            Desired = (Desired & ~FileAccessMask.Execute) | (Parameters.DesiredAccess & FileAccessMask.Execute); // a wish, as in Windows
        }

        if (Has(CreateOptions.DeleteOnClose) && !Maximum && (Desired & OperationRights.Of(FileOperation.Delete).Open) == 0)
        {
            return NtStatus.InvalidParameter;
        }

        if ((Desired & FileAccessMask.AccessSystemSecurity) != 0 && !Parameters.Caller.IsAdministrator)
        {
            return NtStatus.PrivilegeNotHeld;
        }

        var status = FilePath.Parse(
            Parameters.IsPosix ? PosixNames.ToWindows(Parameters.Path) : Parameters.Path, Store.Traits.MaxNameLength, out var path);
        Path = path;
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (NamesStream && !Store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return NtStatus.ObjectNameInvalid; // the answer of a file system without streams
        }

        if (Path.Stream is FilePath.StreamKind.Data or FilePath.StreamKind.Named
            && Has(CreateOptions.DirectoryFile))
        {
            return NtStatus.NotADirectory;
        }

        if (Parameters.ExtendedAttributes.Count > 0)
        {
            if (!Store.Traits.Has(StoreAbilities.ExtendedAttributes))
            {
                return NtStatus.EasNotSupported;
            }

            if (!EaNames.AreValid(Parameters.ExtendedAttributes))
            {
                return NtStatus.InvalidEaName;
            }
        }

        if (Path.EndsInSeparator && Has(CreateOptions.NonDirectoryFile))
        {
            return NtStatus.ObjectNameInvalid;
        }

        // What the share does not allow is granted to no caller, whatever the file says.
        var share = Parameters.ShareMaximalAccess | FileAccessMask.AccessSystemSecurity;
        if ((Desired & ~share) != 0)
        {
            return NtStatus.AccessDenied;
        }

        return NtStatus.Success;
    }

    /// <summary>The question for an observer.</summary>
    public OpenIntent Intend(StorePath path, string? stream, bool isDirectory, FileAccessMask access, bool exists) =>
        new(new FileName(path, stream ?? string.Empty, isDirectory), access, Parameters.Disposition, Parameters.Options, exists);

    /// <summary>A lease key means one file (MS-SMB2 3.3.5.9.8).</summary>
    public NtStatus CheckLeaseKey(FileObject? file) =>
        Parameters.Caching is { Table: { } table, Lease: { } lease } && !table.IsFreeFor(lease.Key, file)
            ? NtStatus.InvalidParameter
            : NtStatus.Success;

    /// <summary>The object of the file, or of the stream, that was opened.</summary>
    public FileObject Reference(IStoreFile handle, in FileMetadata metadata) => handle is IStoreStream stream
        ? Volume.OpenFiles.ReferenceStream(metadata.FileId, metadata.IsDirectory, stream.StreamName)
        : Volume.OpenFiles.Reference(metadata.FileId, metadata.IsDirectory);

    /// <summary>
    /// Records what is about to be made, if the open is to outlive the process. Anything but success is the answer, and nothing is made.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="made">What it gets; <see langword="null"/> if it exists, and only a stream is made.</param>
    /// <param name="granted">The rights of the open.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    public ValueTask<NtStatus> DeclareAsync(StorePath path, NewFile? made, FileAccessMask granted, bool isDirectory) =>
        Parameters.Intent is not { } intent ? new(NtStatus.Success) : intent.DeclareAsync(
            NewState(fileId: 0, path, granted, isDirectory).Declare(
                NamesStream ? Path.StreamName : null,
                new KeptCaching(Parameters.Caching?.State ?? CacheState.None, Parameters.Caching?.Epoch ?? 0, BreakingTo: null, CacheState.None),
                new CreatePlan
                {
                    MakesFile = made is not null,
                    Attributes = made?.Attributes ?? 0,
                    AllocationSize = Parameters.AllocationSize,
                    UnixMode = made?.UnixMode,
                    SecurityDescriptor = made?.SecurityDescriptor ?? default,
                    ExtendedAttributes = made is null ? [] : Parameters.ExtendedAttributes,
                    MayLeaseDirectories = Parameters.Caching is { MayLeaseDirectories: true },
                },
                DeletesAtOnce),
            CreateAction.Created);

    /// <summary>Whether its close deletes the name, whatever other opens there are.</summary>
    private bool DeletesAtOnce => Parameters.IsPosix && Has(CreateOptions.DeleteOnClose);

    /// <summary>The resulting open, of a file that has just been made: it is kept as what was declared, if anything was.</summary>
    public FileOpen NewDeclaredOpen(FileObject file, IStoreFile handle, FileAccessMask granted, bool isDirectory)
    {
        var open = NewOpen(file, handle, granted, isDirectory);
        if (Parameters.Intent is { IsDeclared: true } intent)
        {
            intent.HandOverMade(open.State, CreateAction.Created);
        }

        return open;
    }

    /// <summary>Nothing has come of what was declared.</summary>
    public ValueTask WithdrawAsync() => Parameters.Intent?.WithdrawAsync() ?? default;

    /// <summary>The resulting open.</summary>
    public FileOpen NewOpen(FileObject file, IStoreFile handle, FileAccessMask granted, bool isDirectory) => new(
        file,
        NewState(file.FileId, Volume.PathOf(handle), granted, isDirectory),
        handle)
    {
        DeletesAtOnce = DeletesAtOnce,
        Observation = Observed?.Observe(),
        IsMac = Parameters.IsMac,
    };

    /// <summary>What is done to a file that is overwritten.</summary>
    public CreatePlan PlanOverwrite() => new()
    {
        Overwrites = true,
        Attributes = (Parameters.Attributes & SetBasicOperation.SettableAttributes) | FileAttributes.Archive,
        AllocationSize = Parameters.AllocationSize,
        ExtendedAttributes = Parameters.ExtendedAttributes,
    };

    /// <summary>The metadata of what is opened: a stream of a directory is not a directory.</summary>
    public static FileMetadata AsOpened(IStoreFile handle, in FileMetadata metadata) =>
        handle is IStoreStream ? metadata with { Attributes = metadata.Attributes & ~FileAttributes.Directory } : metadata;

    /// <summary>The metadata of a file that was opened a moment ago.</summary>
    public static ValueTask<NtResult<FileMetadata>> LearnAsync(IStoreFile handle, CancellationToken cancellationToken) =>
        handle is IOpenedFile { MetadataAsOpened: { } known } ? new(known) : handle.GetMetadataAsync(cancellationToken);

    private OpenState NewState(ulong fileId, StorePath path, FileAccessMask granted, bool isDirectory) =>
        new()
        {
            FileId = fileId,
            Path = path,
            IsDirectory = isDirectory,
            GrantedAccess = granted,
            ShareAccess = Parameters.ShareAccess,
            Options = Parameters.Options,
            Caller = Parameters.Caller,
            ClientGuid = Parameters.ClientGuid,
            ShareMaximalAccess = Parameters.ShareMaximalAccess,
            HidesUnreadable = Parameters.HidesUnreadable,
            DeleteOnClose = Has(CreateOptions.DeleteOnClose),
            IsPosix = Parameters.IsPosix,
            Lease = Parameters.Caching?.Lease,
        };
}
