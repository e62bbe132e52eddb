using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>What the file information classes tell about an open file, besides its name.</summary>
internal readonly record struct FileInformation
{
    public required FileNetworkOpenInformation File { get; init; }

    public ulong FileId { get; init; }

    /// <summary>The upper half of the 128-bit file id; 0 where ids have 64 bits.</summary>
    public ulong FileIdHigh { get; init; }

    public ulong VolumeSerialNumber { get; init; }

    public uint LinkCount { get; init; }

    public bool DeletePending { get; init; }

    public bool IsDirectory { get; init; }

    public uint EaSize { get; init; }

    public uint ReparseTag { get; init; }

    /// <summary>What this open was granted.</summary>
    public FileAccessMask GrantedAccess { get; init; }

    /// <summary>The create options that FileModeInformation shows.</summary>
    public CreateOptions Mode { get; init; }

    public long Position { get; init; }

    /// <summary>FileAlignmentInformation: 0 for none.</summary>
    public uint AlignmentRequirement { get; init; }

    /// <summary>FileCaseSensitiveInformation: the directory distinguishes names by case.</summary>
    public bool IsCaseSensitive { get; init; }
}
