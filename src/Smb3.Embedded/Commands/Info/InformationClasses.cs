using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Info;

/// <summary>
/// What a class of information is refused with before anything else is looked at. The server decides it by what MS-FSCC says of the
/// class, so the refusals that MS-FSA has for single classes are never reached.
/// </summary>
internal static class InformationClasses
{
    /// <summary>
    /// MS-SMB2 3.3.5.20.1: MS-FSCC 2.4 has the class, but for listings, for SET_INFO or for programs on the machine itself; what it does
    /// not have is left to whoever answers.
    /// </summary>
    public static bool IsNeverQueried(FileInformationClass informationClass) => informationClass
        is FileInformationClass.FileDirectoryInformation
        or FileInformationClass.FileFullDirectoryInformation
        or FileInformationClass.FileBothDirectoryInformation
        or FileInformationClass.FileNameInformation
        or FileInformationClass.FileRenameInformation
        or FileInformationClass.FileLinkInformation
        or FileInformationClass.FileNamesInformation
        or FileInformationClass.FileDispositionInformation
        or FileInformationClass.FileAllocationInformation
        or FileInformationClass.FileEndOfFileInformation
        or FileInformationClass.FileMailslotQueryInformation
        or FileInformationClass.FileMailslotSetInformation
        or FileInformationClass.FileObjectIdInformation
        or FileInformationClass.FileMoveClusterInformation
        or FileInformationClass.FileQuotaInformation
        or FileInformationClass.FileReparsePointInformation
        or FileInformationClass.FileTrackingInformation
        or FileInformationClass.FileIdBothDirectoryInformation
        or FileInformationClass.FileIdFullDirectoryInformation
        or FileInformationClass.FileValidDataLengthInformation
        or FileInformationClass.FileShortNameInformation
        or FileInformationClass.FileSfioReserveInformation
        or FileInformationClass.FileSfioVolumeInformation
        or FileInformationClass.FileHardLinkInformation
        or FileInformationClass.FileIdGlobalTxDirectoryInformation
        or FileInformationClass.FileStandardLinkInformation
        or FileInformationClass.FileIdExtdDirectoryInformation
        or FileInformationClass.FileId64ExtdDirectoryInformation
        or FileInformationClass.FileId64ExtdBothDirectoryInformation
        or FileInformationClass.FileIdAllExtdDirectoryInformation
        or FileInformationClass.FileIdAllExtdBothDirectoryInformation;

    /// <summary>Those that describe a pipe are for pipes alone.</summary>
    public static bool IsOfPipes(FileInformationClass informationClass) => informationClass
        is FileInformationClass.FilePipeInformation
        or FileInformationClass.FilePipeLocalInformation
        or FileInformationClass.FilePipeRemoteInformation;

    /// <summary>MS-SMB2 3.3.5.20.2: MS-FSCC 2.5 has the class for programs on the machine itself.</summary>
    public static bool IsNeverQueried(FsInformationClass informationClass) => informationClass
        is FsInformationClass.FileFsLabelInformation
        or FsInformationClass.FileFsDriverPathInformation
        or FsInformationClass.FileFsVolumeFlagsInformation;

    /// <summary>What a pipe answers to being set: it has none of the classes of files, but those that are no classes to set are none here either.</summary>
    public static NtStatus RefusalOfPipes(FileInformationClass informationClass) => informationClass
        is FileInformationClass.FileBasicInformation
        or FileInformationClass.FileRenameInformation
        or FileInformationClass.FileRenameInformationEx
        or FileInformationClass.FileLinkInformation
        or FileInformationClass.FileLinkInformationEx
        or FileInformationClass.FileDispositionInformation
        or FileInformationClass.FileDispositionInformationEx
        or FileInformationClass.FilePositionInformation
        or FileInformationClass.FileFullEaInformation
        or FileInformationClass.FileModeInformation
        or FileInformationClass.FileAllocationInformation
        or FileInformationClass.FileEndOfFileInformation
        or FileInformationClass.FileValidDataLengthInformation
        or FileInformationClass.FileShortNameInformation
            ? NtStatus.NotSupported : RefusalToSet(informationClass);

    /// <summary>MS-SMB2 3.3.5.21.1: MS-FSCC 2.4 has the class for setting, but 2.2.39 does not; any other is no class to set.</summary>
    public static NtStatus RefusalToSet(FileInformationClass informationClass) => informationClass switch
    {
        FileInformationClass.FileQuotaInformation => NtStatus.NotSupported,
        FileInformationClass.FilePipeInformation => NtStatus.InvalidParameter, // of a file
        _ => NtStatus.InvalidInfoClass,
    };

    /// <summary>
    /// MS-SMB2 3.3.5.21.2, for all but FileFsControlInformation. The id of a volume can be set according to 2.2.39, but stands here for
    /// what the volume is.
    /// </summary>
    public static NtStatus RefusalToSet(FsInformationClass informationClass) =>
        informationClass == FsInformationClass.FileFsObjectIdInformation || IsNeverQueried(informationClass)
            ? NtStatus.NotSupported : NtStatus.InvalidInfoClass;
}
