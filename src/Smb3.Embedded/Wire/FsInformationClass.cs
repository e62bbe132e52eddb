namespace Smb3.Embedded.Wire;

/// <summary>The file-system information classes (MS-FSCC 2.5).</summary>
internal enum FsInformationClass : byte
{
    None = 0,
    FileFsVolumeInformation = 1,
    FileFsLabelInformation = 2,
    FileFsSizeInformation = 3,
    FileFsDeviceInformation = 4,
    FileFsAttributeInformation = 5,
    FileFsControlInformation = 6,
    FileFsFullSizeInformation = 7,
    FileFsObjectIdInformation = 8,
    FileFsDriverPathInformation = 9,
    FileFsVolumeFlagsInformation = 10,
    FileFsSectorSizeInformation = 11,
    FileFsDataCopyInformation = 12,
    FileFsMetadataSizeInformation = 13,
    FileFsFullSizeInformationEx = 14,

    /// <summary>FS_POSIX_INFORMATION of the POSIX extensions; not in MS-FSCC.</summary>
    FileFsPosixInformation = 100,
}
