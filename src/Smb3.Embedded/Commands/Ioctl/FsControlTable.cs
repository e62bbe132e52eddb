using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// Every FSCTL that is supported, what it needs, and what carries it out; <c>docs/fsctls.md</c> is this table in words. The rights are
/// those of MS-FSA 2.1.5.10 and MS-SMB2 3.3.5.15.
/// </summary>
internal static class FsControlTable
{
    private const FileAccessMask Read = FileAccessMask.ReadData;
    private const FileAccessMask Write = FileAccessMask.WriteData;
    private const FileAccessMask WriteOrAttributes = FileAccessMask.WriteData | FileAccessMask.WriteAttributes;

    public static IEnumerable<FsControlRule> Create(CommandServices services) =>
    [
        .. ForTheConnection(services),
        .. ForPipes(services),
        .. ForCopies(services),
        .. ForRanges(),
        .. ForHandles(services),
        .. ForNature(services),
        .. ForVolumes(),
        .. ForLocalPrograms(),
    ];

    private static FsControlRule[] ForTheConnection(CommandServices services) =>
    [
        new(FsControlCode.ValidateNegotiateInfo, FsControlTarget.None, new ValidateNegotiateInfoControl(services.Settings)),
        new(FsControlCode.QueryNetworkInterfaceInfo, FsControlTarget.None, new NetworkInterfaceInfoControl()),
        new(FsControlCode.DfsGetReferrals, FsControlTarget.None, new DfsReferralControl(isExtended: false, services.Random)),
        new(FsControlCode.DfsGetReferralsEx, FsControlTarget.None, new DfsReferralControl(isExtended: true, services.Random)),
    ];

    private static FsControlRule[] ForPipes(CommandServices services) =>
    [
        new(FsControlCode.PipeTransceive, FsControlTarget.Pipe, new PipeTransceiveControl()),
        new(FsControlCode.PipePeek, FsControlTarget.Pipe, new PipePeekControl()) { Output = PipePeekResponse.FixedSize },
        new(FsControlCode.PipeWait, FsControlTarget.None, new PipeWaitControl(services.Pipes)),
    ];

    private static FsControlRule[] ForCopies(CommandServices services)
    {
        var tokens = new OffloadTokens(services.Random, services.Settings.TimeProvider);
        return
        [
            .. ForChunks(services),
            new(FsControlCode.OffloadRead, FsControlTarget.FileOrDirectory, new OffloadReadControl(tokens))
            {
                Access = OperationRights.Of(FileOperation.OffloadRead).Open,
                Input = OffloadRead.Size,
                ShortInput = NtStatus.BufferTooSmall,
                Output = OffloadRead.ResponseSize,
            },
            new(FsControlCode.OffloadWrite, FsControlTarget.FileOrDirectory, new OffloadWriteControl(tokens, services.Settings.Limits))
            {
                Access = OperationRights.Of(FileOperation.OffloadWrite).Open,
                Changes = true,
                Input = OffloadWrite.Size,
                ShortInput = NtStatus.BufferTooSmall,
                Output = OffloadWrite.ResponseSize,
            },
        ];
    }

    private static FsControlRule[] ForChunks(CommandServices services) =>
    [
        new(FsControlCode.SrvRequestResumeKey, FsControlTarget.FileOrDirectory, new ResumeKeyControl())
        {
            Output = ResumeKeyResponse.Size,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.SrvCopyChunk, FsControlTarget.File, new CopyChunkControl(services))
        {
            Access = Read,
            AndAccess = OperationRights.Of(FileOperation.CopyRange).Open,
            Changes = true,
            Output = CopyChunkResponse.Size,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.SrvCopyChunkWrite, FsControlTarget.File, new CopyChunkControl(services))
        {
            Access = OperationRights.Of(FileOperation.CopyRange).Open,
            Changes = true,
            Output = CopyChunkResponse.Size,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.DuplicateExtentsToFile, FsControlTarget.File, new DuplicateExtentsControl(isExtended: false))
        {
            Ability = StoreAbilities.BlockCloning,
            Access = OperationRights.Of(FileOperation.CloneRange).Open,
            Changes = true,
            Input = DuplicateExtents.Size,
            ShortInput = NtStatus.BufferTooSmall,
        },
        new(FsControlCode.DuplicateExtentsToFileEx, FsControlTarget.File, new DuplicateExtentsControl(isExtended: true))
        {
            Ability = StoreAbilities.BlockCloning,
            Access = OperationRights.Of(FileOperation.CloneRange).Open,
            Changes = true,
            Input = DuplicateExtents.SizeEx,
            ShortInput = NtStatus.BufferTooSmall,
        },
    ];

    private static FsControlRule[] ForRanges() =>
    [
        new(FsControlCode.SetSparse, FsControlTarget.File, new SetSparseControl())
        {
            Ability = StoreAbilities.SparseFiles,
            Access = WriteOrAttributes | FileAccessMask.AppendData,
            Changes = true,
        },
        new(FsControlCode.SetZeroData, FsControlTarget.File, new ZeroDataControl())
        {
            Ability = StoreAbilities.SparseFiles,
            Access = Write,
            Changes = true,
            Input = ZeroData.Size,
        },
        new(FsControlCode.QueryAllocatedRanges, FsControlTarget.File, new AllocatedRangesControl())
        {
            Access = Read,
            Input = FileRange.Size,
        },
        new(FsControlCode.QueryFileRegions, FsControlTarget.File, new FileRegionsControl())
        {
            Output = FileRegionsResponse.HeaderSize,
        },
        new(FsControlCode.GetRetrievalPointers, FsControlTarget.FileOrDirectory, new RetrievalPointersControl(counts: false))
        {
            Ability = StoreAbilities.Extents,
            Input = RetrievalPointers.RequestSize,
            Output = RetrievalPointers.MinimumSize,
        },
        new(FsControlCode.GetRetrievalPointerCount, FsControlTarget.FileOrDirectory, new RetrievalPointersControl(counts: true))
        {
            Ability = StoreAbilities.Extents,
            Input = RetrievalPointers.RequestSize,
            Output = sizeof(uint),
        },
        new(FsControlCode.SetZeroOnDeallocation, FsControlTarget.FileOrDirectory, new ZeroOnDeallocationControl())
        {
            Ability = StoreAbilities.ZeroOnDeallocation,
            Access = Write | FileAccessMask.AppendData,
            Changes = true,
        },
        new(FsControlCode.FileLevelTrim, FsControlTarget.File, new TrimControl())
        {
            Ability = StoreAbilities.SparseFiles,
            Access = Write,
            Changes = true,
            Input = FileLevelTrim.FixedSize,
        },
    ];

    private static FsControlRule[] ForHandles(CommandServices services) =>
    [
        new(FsControlCode.MarkHandle, FsControlTarget.FileOrDirectory, new MarkHandleControl()) { Input = MarkHandle.Size },
        new(FsControlCode.LmrRequestResiliency, FsControlTarget.FileOrDirectory, new RequestResiliencyControl(services.Settings)),
    ];

    private static FsControlRule[] ForVolumes() =>
    [
        new(FsControlCode.GetNtfsVolumeData, FsControlTarget.FileOrDirectory, new NtfsVolumeDataControl()),
        new(FsControlCode.FilesystemGetStatistics, FsControlTarget.FileOrDirectory, new FileSystemStatisticsControl(isExtended: false)),
        new(FsControlCode.FilesystemGetStatisticsEx, FsControlTarget.FileOrDirectory, new FileSystemStatisticsControl(isExtended: true)),
        new(FsControlCode.ReadFileUsnData, FsControlTarget.FileOrDirectory, new ReadFileUsnDataControl()),

        // There is no journal (MS-FSA 2.1.5.10.41).
        new(FsControlCode.WriteUsnCloseRecord, FsControlTarget.FileOrDirectory, new FixedAnswerControl(NtStatus.JournalNotActive))
        {
            Output = sizeof(ulong),
            ShortOutput = NtStatus.InvalidParameter,
        },

        // NTFS says so of every name, and when one is used it says whether that is true.
        new(FsControlCode.IsPathnameValid, FsControlTarget.FileOrDirectory, new FixedAnswerControl(NtStatus.Success)),

        // ReFS alone has it, but knows file systems of its kind that do not.
        new(FsControlCode.RefsStreamSnapshotManagement, FsControlTarget.FileOrDirectory, new FixedAnswerControl(NtStatus.NotSupported)),
    ];

    /// <summary>
    /// What no server passes on to its file system, and hashes (MS-SMB2 3.3.5.15.7). By 3.3.5.15.8, NOT_SUPPORTED is the answer to whatever is not
    /// in MS-FSCC 2.3, the FSCTLs that are permitted across a network. These act on oplocks, volumes and journals of the machine itself. The
    /// list was put together by what they do, and not compared with a server of Windows.
    /// </summary>
    private static IEnumerable<FsControlRule> ForLocalPrograms()
    {
        FsControlCode[] codes =
        [
            FsControlCode.RequestOplockLevel1, FsControlCode.RequestOplockLevel2, FsControlCode.RequestBatchOplock,
            FsControlCode.OplockBreakAcknowledge, FsControlCode.OpBatchAckClosePending, FsControlCode.OplockBreakNotify,
            FsControlCode.OplockBreakAckNo2, FsControlCode.RequestFilterOplock, FsControlCode.RequestOplock,
            FsControlCode.QueryRetrievalPointers, FsControlCode.GetRetrievalPointerBase, FsControlCode.GetNtfsFileRecord,
            FsControlCode.GetVolumeBitmap, FsControlCode.GetBootAreaInfo, FsControlCode.InvalidateVolumes, FsControlCode.MoveFile,
            FsControlCode.EnumUsnData, FsControlCode.ReadUsnJournal, FsControlCode.CreateUsnJournal, FsControlCode.QueryUsnJournal,
            FsControlCode.DeleteUsnJournal, FsControlCode.QueryDependentVolume, FsControlCode.SdGlobalChange,
            FsControlCode.SetPersistentVolumeState, FsControlCode.QueryPersistentVolumeState, FsControlCode.PipeAssignEvent,
            FsControlCode.SrvReadHash,
        ];
        return codes.Select(static code => new FsControlRule(code, FsControlTarget.Anything, new FixedAnswerControl(NtStatus.NotSupported)));
    }

    private static FsControlRule[] ForNature(CommandServices services) =>
    [
        new(FsControlCode.SrvEnumerateSnapshots, FsControlTarget.FileOrDirectory, new SnapshotsControl())
        {
            Output = SnapshotArray.MinimumSize,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.GetCompression, FsControlTarget.FileOrDirectory, new GetCompressionControl())
        {
            Output = CompressionState.Size,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.SetCompression, FsControlTarget.FileOrDirectory, new SetCompressionControl())
        {
            Access = Write,
            Changes = true,
            Input = CompressionState.Size,
        },
        new(FsControlCode.GetIntegrityInformation, FsControlTarget.FileOrDirectory, new GetIntegrityControl())
        {
            Ability = StoreAbilities.BlockCloning,
            Output = IntegrityInformation.Size,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.SetIntegrityInformation, FsControlTarget.FileOrDirectory, new SetIntegrityControl(isExtended: false))
        {
            Ability = StoreAbilities.BlockCloning,
            Access = Read,
            AndAccess = Write,
            Changes = true,
            Input = SetIntegrityInformation.Size,
        },
        new(FsControlCode.SetIntegrityInformationEx, FsControlTarget.FileOrDirectory, new SetIntegrityControl(isExtended: true))
        {
            Ability = StoreAbilities.BlockCloning,
            Access = Write,
            Changes = true,
            Input = SetIntegrityInformationEx.Size,
        },
        new(FsControlCode.GetReparsePoint, FsControlTarget.FileOrDirectory, new GetReparsePointControl())
        {
            Ability = StoreAbilities.ReparsePoints,
        },
        new(FsControlCode.SetReparsePoint, FsControlTarget.FileOrDirectory, new SetReparsePointControl())
        {
            Ability = StoreAbilities.ReparsePoints,
            Access = WriteOrAttributes,
            Changes = true,
            Input = ReparseDataBuffer.HeaderSize,
            ShortInput = NtStatus.IoReparseDataInvalid,
        },
        new(FsControlCode.DeleteReparsePoint, FsControlTarget.FileOrDirectory, new DeleteReparsePointControl())
        {
            Ability = StoreAbilities.ReparsePoints,
            Access = WriteOrAttributes,
            Changes = true,
            Input = ReparseDataBuffer.HeaderSize,
            ShortInput = NtStatus.IoReparseDataInvalid,
        },
        new(FsControlCode.CreateOrGetObjectId, FsControlTarget.FileOrDirectory, new GetObjectIdControl(creates: true, services.Random))
        {
            Output = ObjectIdBuffer.Size,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.GetObjectId, FsControlTarget.FileOrDirectory, new GetObjectIdControl(creates: false, services.Random))
        {
            Output = ObjectIdBuffer.Size,
            ShortOutput = NtStatus.InvalidParameter,
        },
        new(FsControlCode.SetObjectId, FsControlTarget.FileOrDirectory, new SetObjectIdControl(isExtended: false))
        {
            Ability = StoreAbilities.ObjectIds,
            Access = WriteOrAttributes,
            Changes = true,
            Input = ObjectIdBuffer.Size,
            IsExact = true,
        },
        new(FsControlCode.SetObjectIdExtended, FsControlTarget.FileOrDirectory, new SetObjectIdControl(isExtended: true))
        {
            Ability = StoreAbilities.ObjectIds,
            Access = WriteOrAttributes,
            Changes = true,
            Input = ObjectIdBuffer.ExtendedSize,
            IsExact = true,
        },
        new(FsControlCode.DeleteObjectId, FsControlTarget.FileOrDirectory, new DeleteObjectIdControl())
        {
            Ability = StoreAbilities.ObjectIds,
            Access = WriteOrAttributes,
            Changes = true,
        },
    ];
}
