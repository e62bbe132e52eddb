namespace Smb3.Embedded.Wire.Fscc;

/// <summary>What the directory information classes tell about a file, besides its names.</summary>
internal readonly record struct DirectoryEntry
{
    public required FileNetworkOpenInformation File { get; init; }

    public ulong FileId { get; init; }

    /// <summary>The upper half of the 128-bit file id; 0 where ids have 64 bits.</summary>
    public ulong FileIdHigh { get; init; }

    public uint EaSize { get; init; }

    public uint ReparseTag { get; init; }

    /// <summary>What macOS reads in FileIdBothDirectoryInformation.</summary>
    public AppleEntry? Apple { get; init; }

    /// <summary>The place in the listing, from which SMB2_INDEX_SPECIFIED continues; 0 where there is none.</summary>
    public uint FileIndex { get; init; }
}
