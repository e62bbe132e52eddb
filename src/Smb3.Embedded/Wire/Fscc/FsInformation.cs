using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>What the file-system information classes tell about a volume, besides its names.</summary>
internal readonly record struct FsInformation
{
    /// <summary>FILE_DEVICE_DISK.</summary>
    public const uint DiskDevice = 0x00000007;

    /// <summary>FILE_DEVICE_NAMED_PIPE.</summary>
    public const uint NamedPipeDevice = 0x00000011;

    /// <summary>FILE_DEVICE_IS_MOUNTED, one of the device's characteristics.</summary>
    public const uint DeviceIsMounted = 0x00000020;

    public FileTime VolumeCreationTime { get; init; }

    public uint VolumeSerialNumber { get; init; }

    /// <summary>FileFsObjectIdInformation; 0 when the volume has none.</summary>
    public Guid VolumeObjectId { get; init; }

    public long TotalUnits { get; init; }

    /// <summary>What the caller may still use, in allocation units.</summary>
    public long CallerAvailableUnits { get; init; }

    /// <summary>What is free, in allocation units.</summary>
    public long ActualAvailableUnits { get; init; }

    public required uint SectorsPerUnit { get; init; }

    public required uint BytesPerSector { get; init; }

    /// <summary>The sector that the device itself writes in one piece; 0 for the same as <see cref="BytesPerSector"/>.</summary>
    public uint PhysicalBytesPerSector { get; init; }

    /// <summary>Whether ranges that are no longer needed are given back to the device.</summary>
    public bool CanTrim { get; init; }

    public FileSystemAttributes Attributes { get; init; }

    /// <summary>FileFsControlInformation.</summary>
    public FsControlInformation Control { get; init; }

    public uint MaxNameLength { get; init; }

    public uint DeviceType { get; init; }

    public uint DeviceCharacteristics { get; init; }
}
