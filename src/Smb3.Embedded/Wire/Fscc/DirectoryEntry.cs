namespace Smb3.Embedded.Wire.Fscc;

/// <summary>What the directory information classes tell of a file, besides its names.</summary>
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

    /// <summary>A resume key for the client; 0 where order by name is all there is.</summary>
    public uint FileIndex { get; init; }
}
