namespace Smb3.Embedded.Wire.Posix;

/// <summary>
/// FS_POSIX_INFORMATION (level 100 of the file-system classes): OptimalTransferSize (4), BlockSize (4), TotalBlocks (8),
/// BlocksAvailable (8), UserBlocksAvailable (8), TotalFileNodes (8), FreeFileNodes (8), FileSystemIdentifier (8).
/// </summary>
/// <param name="TransferSize">Bytes of a good request.</param>
/// <param name="BlockSize">Bytes of a block.</param>
/// <param name="TotalBlocks">All blocks.</param>
/// <param name="FreeBlocks">Free blocks.</param>
/// <param name="AvailableBlocks">Free blocks that the caller may use.</param>
/// <param name="Identifier">What the volume is known by.</param>
internal readonly record struct FsPosixInformation(
    uint TransferSize, uint BlockSize, long TotalBlocks, long FreeBlocks, long AvailableBlocks, ulong Identifier)
{
    public const int Size = 56;

    public void Write(Span<byte> target)
    {
        target[..Size].Clear();
        target.Put(0, TransferSize);
        target.Put(4, BlockSize);
        target.Put(8, TotalBlocks);
        target.Put(16, FreeBlocks);
        target.Put(24, AvailableBlocks);

        // Nodes are not counted: the maximum is reported.
        target.Put(32, long.MaxValue);
        target.Put(40, long.MaxValue);
        target.Put(48, Identifier);
    }
}
