namespace Smb3.Embedded.Wire.Fscc;

/// <summary>FILE_SET_SPARSE_BUFFER (MS-FSCC 2.3): one byte; no byte at all means "sparse".</summary>
internal readonly record struct SetSparse(bool Sparse)
{
    public static SetSparse Parse(ReadOnlySpan<byte> input) => new(input.IsEmpty || input[0] != 0);
}
