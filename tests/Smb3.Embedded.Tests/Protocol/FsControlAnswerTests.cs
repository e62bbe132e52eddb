using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Xunit;
using static Smb3.Embedded.Nt.NtStatus;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// What each FSCTL is answered with when nothing is sent along, on all that can be open (MS-FSCC 2.3, MS-SMB2 3.3.5.15, <c>docs/fsctls.md</c>).
/// </summary>
public sealed class FsControlAnswerTests : ProtocolTest, IDisposable
{
    /// <summary>What no server passes on, whatever is open.</summary>
    private static readonly FsControlCode[] ForLocalPrograms =
    [
        FsControlCode.CreateUsnJournal, FsControlCode.DeleteUsnJournal, FsControlCode.EnumUsnData, FsControlCode.GetBootAreaInfo,
        FsControlCode.GetNtfsFileRecord, FsControlCode.GetRetrievalPointerBase, FsControlCode.GetVolumeBitmap,
        FsControlCode.InvalidateVolumes, FsControlCode.MoveFile, FsControlCode.OpBatchAckClosePending, FsControlCode.OplockBreakAckNo2,
        FsControlCode.OplockBreakAcknowledge, FsControlCode.OplockBreakNotify, FsControlCode.PipeAssignEvent,
        FsControlCode.QueryDependentVolume, FsControlCode.QueryPersistentVolumeState, FsControlCode.QueryRetrievalPointers,
        FsControlCode.QueryUsnJournal, FsControlCode.ReadUsnJournal, FsControlCode.RequestBatchOplock, FsControlCode.RequestFilterOplock,
        FsControlCode.RequestOplock, FsControlCode.RequestOplockLevel1, FsControlCode.RequestOplockLevel2, FsControlCode.SdGlobalChange,
        FsControlCode.SetPersistentVolumeState, FsControlCode.SrvReadHash,
    ];

    /// <summary>What file systems of other kinds have, or NTFS with parts that are not there (UDF, FAT, single instancing, encryption, a virtual disk).</summary>
    private static readonly FsControlCode[] OfOtherFileSystems =
    [
        FsControlCode.FindFilesBySid, FsControlCode.GetRefsVolumeData, FsControlCode.GetRetrievalPointersAndRefcount, FsControlCode.IsVolumeDirty,
        FsControlCode.LmrGetLinkTrackingInformation, FsControlCode.LmrSetLinkTrackingInformation, FsControlCode.QueryFatBpb,
        FsControlCode.QueryOnDiskVolumeInfo, FsControlCode.QuerySharedVirtualDiskSupport, FsControlCode.QuerySparingInfo,
        FsControlCode.RecallFile, FsControlCode.SetDefectManagement, FsControlCode.SetEncryption, FsControlCode.SetShortNameBehavior,
        FsControlCode.SisCopyFile, FsControlCode.SisLinkFiles, FsControlCode.StorageQosControl,
        FsControlCode.SvhdxAsyncTunnelRequest, FsControlCode.SvhdxSyncTunnelRequest,
    ];

    /// <summary>What the rest is answered with on a file, a directory, the root, which is open for reading alone, and a pipe.</summary>
    private static readonly Dictionary<FsControlCode, Answers> Done = new()
    {
        [FsControlCode.CreateOrGetObjectId] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.DeleteObjectId] = new(Success, Success, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.ObjectIds },
        [FsControlCode.DeleteReparsePoint] = new(IoReparseDataInvalid, IoReparseDataInvalid, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.ReparsePoints },
        [FsControlCode.DfsGetReferrals] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidParameter),
        [FsControlCode.DfsGetReferralsEx] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidParameter),
        [FsControlCode.DuplicateExtentsToFile] = new(BufferTooSmall, InvalidParameter, InvalidParameter, InvalidDeviceRequest) { Ability = StoreAbilities.BlockCloning },
        [FsControlCode.DuplicateExtentsToFileEx] = new(BufferTooSmall, InvalidParameter, InvalidParameter, InvalidDeviceRequest) { Ability = StoreAbilities.BlockCloning },
        [FsControlCode.FileLevelTrim] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest) { Ability = StoreAbilities.SparseFiles },
        [FsControlCode.FilesystemGetStatistics] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.FilesystemGetStatisticsEx] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.GetCompression] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.GetIntegrityInformation] = new(Success, Success, Success, InvalidDeviceRequest) { Ability = StoreAbilities.BlockCloning },
        [FsControlCode.GetNtfsVolumeData] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.GetObjectId] = new(ObjectIdNotFound, ObjectIdNotFound, ObjectIdNotFound, InvalidDeviceRequest),
        [FsControlCode.GetReparsePoint] = new(NotAReparsePoint, NotAReparsePoint, NotAReparsePoint, InvalidDeviceRequest) { Ability = StoreAbilities.ReparsePoints },
        [FsControlCode.GetRetrievalPointerCount] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest) { Ability = StoreAbilities.Extents },
        [FsControlCode.GetRetrievalPointers] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest) { Ability = StoreAbilities.Extents },
        [FsControlCode.IsPathnameValid] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.LmrRequestResiliency] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest),
        [FsControlCode.MarkHandle] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest),
        [FsControlCode.OffloadRead] = new(BufferTooSmall, BufferTooSmall, BufferTooSmall, InvalidDeviceRequest),
        [FsControlCode.OffloadWrite] = new(BufferTooSmall, BufferTooSmall, AccessDenied, InvalidDeviceRequest),
        [FsControlCode.PipePeek] = new(InvalidDeviceRequest, InvalidDeviceRequest, InvalidDeviceRequest, Success),
        [FsControlCode.PipeWait] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidParameter),
        [FsControlCode.QueryAllocatedRanges] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest),
        [FsControlCode.QueryFileRegions] = new(Success, InvalidParameter, InvalidParameter, InvalidDeviceRequest),
        [FsControlCode.QueryNetworkInterfaceInfo] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidParameter),
        [FsControlCode.ReadFileUsnData] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.RefsStreamSnapshotManagement] = new(NotSupported, NotSupported, NotSupported, InvalidDeviceRequest),
        [FsControlCode.SetCompression] = new(InvalidParameter, InvalidParameter, AccessDenied, InvalidDeviceRequest),
        [FsControlCode.SetIntegrityInformation] = new(InvalidParameter, InvalidParameter, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.BlockCloning },
        [FsControlCode.SetIntegrityInformationEx] = new(InvalidParameter, InvalidParameter, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.BlockCloning },
        [FsControlCode.SetObjectId] = new(InvalidParameter, InvalidParameter, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.ObjectIds },
        [FsControlCode.SetObjectIdExtended] = new(InvalidParameter, InvalidParameter, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.ObjectIds },
        [FsControlCode.SetReparsePoint] = new(IoReparseDataInvalid, IoReparseDataInvalid, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.ReparsePoints },
        [FsControlCode.SetSparse] = new(Success, InvalidParameter, InvalidParameter, InvalidDeviceRequest) { Ability = StoreAbilities.SparseFiles },
        [FsControlCode.SetZeroData] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest) { Ability = StoreAbilities.SparseFiles },
        [FsControlCode.SetZeroOnDeallocation] = new(Success, AccessDenied, AccessDenied, InvalidDeviceRequest) { Ability = StoreAbilities.ZeroOnDeallocation },
        [FsControlCode.SrvCopyChunk] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest),
        [FsControlCode.SrvCopyChunkWrite] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidDeviceRequest),
        [FsControlCode.SrvEnumerateSnapshots] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.SrvRequestResumeKey] = new(Success, Success, Success, InvalidDeviceRequest),
        [FsControlCode.ValidateNegotiateInfo] = new(InvalidParameter, InvalidParameter, InvalidParameter, InvalidParameter),
        [FsControlCode.WriteUsnCloseRecord] = new(JournalNotActive, JournalNotActive, JournalNotActive, InvalidDeviceRequest),
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_code_has_its_answer_on_all_that_can_be_open(bool onDisk)
    {
        IFileStore store = onDisk ? new PhysicalFileStore(_folder.Path) : Server.Memory;
        if (onDisk)
        {
            Start(new TestServerOptions { Store = _ => store });
        }

        var opens = await OpenAllAsync();
        foreach (var code in Enum.GetValues<FsControlCode>())
        {
            if (code == FsControlCode.PipeTransceive)
            {
                continue; // waits for an answer on a pipe
            }

            var expected = ForLocalPrograms.Contains(code) ? new Answers(NotSupported, NotSupported, NotSupported, NotSupported)
                : OfOtherFileSystems.Contains(code) || !store.Traits.Has(Done[code].Ability)
                    ? new Answers(InvalidDeviceRequest, InvalidDeviceRequest, InvalidDeviceRequest, InvalidDeviceRequest)
                    : Done[code];
            var found = new List<NtStatus>();
            foreach (var open in opens)
            {
                found.Add(await AnswerAsync(open.Tree, open.FileId, code));
            }

            Assert.Equal((code, expected with { Ability = default }), (code, new Answers(found[0], found[1], found[2], found[3])));

            // What needs an open looks for it first, on a tree of files as on that of the pipes.
            if (found[0] != InvalidParameter || expected.Pipe != InvalidParameter)
            {
                Assert.Equal((code, FileClosed), (code, await AnswerAsync(opens[0].Tree, new Smb2FileId(0, 4711), code)));
                Assert.Equal((code, FileClosed), (code, await AnswerAsync(opens[3].Tree, new Smb2FileId(0, 4711), code)));
            }
        }
    }

    [Theory]
    [InlineData(0x00090FFCu)]
    [InlineData(0x0009BFFCu)]
    [InlineData(0x00140FFCu)]
    [InlineData(0x00070000u)]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    public async Task What_is_no_FSCTL_of_a_file_system_is_no_request_for_one(uint code)
    {
        foreach (var open in await OpenAllAsync())
        {
            Assert.Equal(InvalidDeviceRequest, await AnswerAsync(open.Tree, open.FileId, (FsControlCode)code));
        }
    }

    private static async Task<NtStatus> AnswerAsync(SmbTestTree tree, Smb2FileId file, FsControlCode code) =>
        (await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, file, []))).Status;

    private async Task<SmbTestFile[]> OpenAllAsync()
    {
        var tree = await Server.ConnectToAsync();
        var pipes = await tree.Session.ConnectAsync("IPC$");
        return
        [
            await tree.OpenAsync("file"),
            await tree.OpenAsync("directory", options: CreateOptions.DirectoryFile),
            await tree.OpenAsync(string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile),
            await pipes.OpenAsync("srvsvc", CreateDisposition.Open),
        ];
    }

    private sealed record Answers(NtStatus File, NtStatus Directory, NtStatus Root, NtStatus Pipe)
    {
        /// <summary>Without which it is not there at all.</summary>
        public StoreAbilities Ability { get; init; }
    }
}
