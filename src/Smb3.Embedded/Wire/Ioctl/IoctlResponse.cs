namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>
/// IOCTL response (MS-SMB2 2.2.32), offsets in the body:
/// <code>
///  0 StructureSize 49   2 Reserved        4 CtlCode   8 FileId (16)   24 InputOffset, InputCount (28)
/// 32 OutputOffset, OutputCount (36)      40 Flags    44 Reserved2    48 Buffer
/// </code>
/// No FSCTL that the server knows returns input. The output goes to <see cref="OutputOffset"/> of the body.
/// </summary>
internal static class IoctlResponse
{
    public const int FixedSize = 48;

    /// <summary>Where in the body the output begins.</summary>
    public const int OutputOffset = FixedSize;

    public static int Size(int outputLength) => FixedSize + outputLength;

    /// <summary>Writes all but the output and returns the length of the body.</summary>
    public static int Write(Span<byte> body, FsControlCode code, Smb2FileId fileId, int outputLength)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)49);
        body.Put(4, (uint)code);
        fileId.Write(body, 8);
        body.Put(24, (uint)(Smb2Header.Size + FixedSize));
        body.Put(32, (uint)(Smb2Header.Size + FixedSize));
        body.Put(36, (uint)outputLength);
        return Size(outputLength);
    }
}
