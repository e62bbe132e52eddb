namespace Smb3.Embedded.Wire.Io;

/// <summary>
/// READ response (MS-SMB2 2.2.20): StructureSize 17, DataOffset (1), Reserved (1), DataLength (4), DataRemaining (4),
/// Flags (4), Buffer. The data is read straight into its place: <see cref="FixedSize"/> bytes into the body.
/// </summary>
internal static class ReadResponse
{
    public const int FixedSize = 16;

    /// <summary>Where the data begins, from the SMB2 header.</summary>
    public const int DataOffset = Smb2Header.Size + FixedSize;

    /// <summary>SMB2_READFLAG_RESPONSE_RDMA_TRANSFORM: the data in the response is an SMB2_RDMA_TRANSFORM.</summary>
    private const uint HasRdmaTransform = 0x00000001;

    public static void Write(Span<byte> body, int dataLength, uint dataRemaining = 0, bool isTransformed = false)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)17);
        body[2] = DataOffset;
        body.Put(4, (uint)dataLength);
        body.Put(8, dataRemaining);
        body.Put(12, isTransformed ? HasRdmaTransform : 0);
    }
}
