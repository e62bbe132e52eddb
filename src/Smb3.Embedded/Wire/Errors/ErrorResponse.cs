namespace Smb3.Embedded.Wire.Errors;

/// <summary>
/// ERROR response (MS-SMB2 2.2.2): StructureSize 9, ErrorContextCount (1), Reserved (1), ByteCount (4), ErrorData.
/// From SMB 3.1.1 on, error data is wrapped in error contexts; before, it stands there bare.
/// </summary>
internal static class ErrorResponse
{
    /// <summary>Without error data one byte of padding stands in its place.</summary>
    public const int FixedSize = 9;

    private const int DataOffset = 8;
    private const int ContextHeaderSize = 8;

    /// <summary>The size of the body with error data of this length.</summary>
    public static int Size(bool asContext, int dataLength) =>
        dataLength == 0 ? FixedSize : DataOffset + (asContext ? ContextHeaderSize : 0) + dataLength;

    /// <summary>Writes the body of an error that says no more than its status.</summary>
    public static void Write(Span<byte> body)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)9);
    }

    /// <summary>
    /// Writes everything up to the error data and returns where in <paramref name="body"/> the data goes.
    /// <paramref name="asContext"/> is true when the connection speaks SMB 3.1.1.
    /// </summary>
    public static Span<byte> WriteWithData(Span<byte> body, bool asContext, ErrorContextId id, int dataLength)
    {
        var total = Size(asContext, dataLength);
        body[..total].Clear();
        body.Put(0, (ushort)9);
        body[2] = (byte)(asContext ? 1 : 0);
        body.Put(4, (uint)(total - DataOffset));
        if (!asContext)
        {
            return body.Slice(DataOffset, dataLength);
        }

        // MS-SMB2 2.2.2.1: ErrorDataLength, ErrorId, ErrorContextData
        body.Put(DataOffset, (uint)dataLength);
        body.Put(DataOffset + 4, (uint)id);
        return body.Slice(DataOffset + ContextHeaderSize, dataLength);
    }

    /// <summary>STATUS_BUFFER_TOO_SMALL tells how much would do (MS-SMB2 2.2.2.2.2). Returns the bytes written.</summary>
    public static int WriteRequiredLength(Span<byte> body, bool asContext, uint requiredLength)
    {
        WriteWithData(body, asContext, ErrorContextId.Default, sizeof(uint)).Put(0, requiredLength);
        return Size(asContext, sizeof(uint));
    }
}
