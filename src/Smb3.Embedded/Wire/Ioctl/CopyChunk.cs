namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>SRV_COPYCHUNK (MS-SMB2 2.2.31.1.1): SourceOffset (8), TargetOffset (8), Length (4), Reserved (4).</summary>
internal readonly record struct CopyChunk(ulong SourceOffset, ulong TargetOffset, uint Length)
{
    public const int Size = 24;
}

/// <summary>SRV_COPYCHUNK_COPY (MS-SMB2 2.2.31.1): SourceKey (24), ChunkCount (4), Reserved (4), Chunks.</summary>
internal readonly ref struct CopyChunkRequest
{
    public const int SourceKeySize = 24;

    private const int FixedSize = 32;

    private readonly ReadOnlySpan<byte> _input;

    private CopyChunkRequest(ReadOnlySpan<byte> input) => _input = input;

    public ReadOnlySpan<byte> SourceKey => _input[..SourceKeySize];

    public int ChunkCount => (int)_input.UInt32(SourceKeySize);

    public CopyChunk this[int index]
    {
        get
        {
            var chunk = _input.Slice(FixedSize + (index * CopyChunk.Size), CopyChunk.Size);
            return new CopyChunk(chunk.UInt64(0), chunk.UInt64(8), chunk.UInt32(16));
        }
    }

    public static bool TryParse(ReadOnlySpan<byte> input, out CopyChunkRequest request)
    {
        var valid = input.Length >= FixedSize
            && FixedSize + ((long)input.UInt32(SourceKeySize) * CopyChunk.Size) <= input.Length;
        request = valid ? new CopyChunkRequest(input) : default;
        return valid;
    }
}

/// <summary>
/// SRV_COPYCHUNK_RESPONSE (MS-SMB2 2.2.32.1): ChunksWritten (4), ChunkBytesWritten (4), TotalBytesWritten (4). With
/// STATUS_INVALID_PARAMETER the three are the server's limits: chunks, bytes of one chunk, bytes in all.
/// </summary>
internal static class CopyChunkResponse
{
    public const int Size = 12;

    public static void Write(Span<byte> output, uint chunksWritten, uint chunkBytesWritten, uint totalBytesWritten)
    {
        output.Put(0, chunksWritten);
        output.Put(4, chunkBytesWritten);
        output.Put(8, totalBytesWritten);
    }
}
