using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// Writes the answers of QUERY_INFO that describe a volume (MS-FSCC 2.5), with the statuses of MS-FSA 2.1.5.13: a buffer
/// too short for the fixed part is STATUS_INFO_LENGTH_MISMATCH; a name that does not fit is cut off with STATUS_BUFFER_OVERFLOW.
/// </summary>
internal static class FsInformationWriter
{
    private const int VolumeLabelOffset = 18;
    private const int VolumeMinimumSize = 24;
    private const int FileSystemNameOffset = 12;
    private const int AttributeMinimumSize = 16;

    /// <summary>
    /// Writes the class into <paramref name="target"/>, which is as long as the client's output buffer. STATUS_INVALID_INFO_CLASS says
    /// that this writer does not know the class.
    /// </summary>
    public static NtStatus Write(
        FsInformationClass informationClass,
        in FsInformation info,
        ReadOnlySpan<char> volumeLabel,
        ReadOnlySpan<char> fileSystemName,
        Span<byte> target,
        out int written)
    {
        var minimum = MinimumSize(informationClass);
        written = 0;
        if (minimum == 0)
        {
            return NtStatus.InvalidInfoClass;
        }

        if (target.Length < minimum)
        {
            return NtStatus.InfoLengthMismatch;
        }

        target[..minimum].Clear();
        written = minimum;
        switch (informationClass)
        {
            case FsInformationClass.FileFsVolumeInformation:
                target.Put(0, info.VolumeCreationTime.Ticks);
                target.Put(8, info.VolumeSerialNumber);
                target.Put(12, (uint)(volumeLabel.Length * sizeof(char)));
                return WriteName(volumeLabel, target, VolumeLabelOffset, out written);
            case FsInformationClass.FileFsAttributeInformation:
                target.Put(0, (uint)info.Attributes);
                target.Put(4, info.MaxNameLength);
                target.Put(8, (uint)(fileSystemName.Length * sizeof(char)));
                return WriteName(fileSystemName, target, FileSystemNameOffset, out written);
            default:
                WriteFixed(informationClass, info, target);
                return NtStatus.Success;
        }
    }

    private static int MinimumSize(FsInformationClass informationClass) => informationClass switch
    {
        FsInformationClass.FileFsVolumeInformation => VolumeMinimumSize,
        FsInformationClass.FileFsSizeInformation => 24,
        FsInformationClass.FileFsDeviceInformation => 8,
        FsInformationClass.FileFsAttributeInformation => AttributeMinimumSize,
        FsInformationClass.FileFsControlInformation => FsControlInformation.Size,
        FsInformationClass.FileFsFullSizeInformation => 32,
        FsInformationClass.FileFsObjectIdInformation => 64,
        FsInformationClass.FileFsSectorSizeInformation => 28,
        _ => 0,
    };

    private static void WriteFixed(FsInformationClass informationClass, in FsInformation info, Span<byte> target)
    {
        switch (informationClass)
        {
            case FsInformationClass.FileFsSizeInformation:
                target.Put(0, info.TotalUnits);
                target.Put(8, info.CallerAvailableUnits);
                target.Put(16, info.SectorsPerUnit);
                target.Put(20, info.BytesPerSector);
                break;
            case FsInformationClass.FileFsDeviceInformation:
                target.Put(0, info.DeviceType);
                target.Put(4, info.DeviceCharacteristics);
                break;
            case FsInformationClass.FileFsControlInformation:
                info.Control.Write(target);
                break;
            case FsInformationClass.FileFsFullSizeInformation:
                target.Put(0, info.TotalUnits);
                target.Put(8, info.CallerAvailableUnits);
                target.Put(16, info.ActualAvailableUnits);
                target.Put(24, info.SectorsPerUnit);
                target.Put(28, info.BytesPerSector);
                break;
            case FsInformationClass.FileFsObjectIdInformation:
                target.Put(0, info.VolumeObjectId);
                break;
            case FsInformationClass.FileFsSectorSizeInformation:
                var physical = info.PhysicalBytesPerSector == 0 ? info.BytesPerSector : info.PhysicalBytesPerSector;
                target.Put(0, info.BytesPerSector);
                target.Put(4, physical);
                target.Put(8, physical);
                target.Put(12, physical);
                target.Put(16, info.CanTrim ? SectorsAreAligned | TrimIsEnabled : SectorsAreAligned);
                break;
        }
    }

    /// <summary>SSINFO_FLAGS_ALIGNED_DEVICE and SSINFO_FLAGS_PARTITION_ALIGNED_ON_DEVICE.</summary>
    private const uint SectorsAreAligned = 0x00000003;

    /// <summary>SSINFO_FLAGS_TRIM_ENABLED.</summary>
    private const uint TrimIsEnabled = 0x00000008;

    private static NtStatus WriteName(ReadOnlySpan<char> name, Span<byte> target, int at, out int written)
    {
        var shown = name[..Math.Min(name.Length, (target.Length - at) / sizeof(char))];
        written = at + target.PutUtf16(at, shown);
        return shown.Length == name.Length ? NtStatus.Success : NtStatus.BufferOverflow;
    }
}
