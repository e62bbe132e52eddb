namespace Smb3.Embedded.Wire.Info;

/// <summary>
/// The responses of QUERY_DIRECTORY, CHANGE_NOTIFY and QUERY_INFO (MS-SMB2 2.2.34, 2.2.36 and 2.2.38): StructureSize 9,
/// OutputBufferOffset (2), OutputBufferLength (4), Buffer. The buffer is written first, straight to its place.
/// </summary>
internal static class OutputBufferResponse
{
    public const int FixedSize = 8;

    /// <summary>Where in the body the buffer begins; a multiple of eight from the header, as its contents need it.</summary>
    public const int BufferOffset = FixedSize;

    public static int Size(int bufferLength) => FixedSize + bufferLength;

    /// <summary>Writes all but the buffer and returns the length of the body.</summary>
    public static int Write(Span<byte> body, int bufferLength)
    {
        body.Put(0, (ushort)9);
        body.Put(2, (ushort)(bufferLength == 0 ? 0 : Smb2Header.Size + FixedSize));
        body.Put(4, (uint)bufferLength);
        return Size(bufferLength);
    }
}
