namespace Smb3.Embedded.Wire.Errors;

/// <summary>
/// Symbolic Link Error Response (MS-SMB2 2.2.2.2.1), the error data of STATUS_STOPPED_ON_SYMLINK:
/// <code>
///  0 SymLinkLength (of what follows)   4 SymLinkErrorTag 'SYML'   8 ReparseTag           12 ReparseDataLength
/// 14 UnparsedPathLength               16 SubstituteNameOffset   18 SubstituteNameLength  20 PrintNameOffset   22 PrintNameLength
/// 24 Flags (1: relative)              28 PathBuffer
/// </code>
/// </summary>
internal static class SymlinkErrorResponse
{
    private const int FixedSize = 28;
    private const uint ErrorTag = 0x4C4D5953;
    private const uint SymlinkReparseTag = 0xA000000C;
    private const uint RelativeFlag = 0x00000001;

    /// <summary>The size of the error data.</summary>
    public static int Size(ReadOnlySpan<char> substituteName, ReadOnlySpan<char> printName) =>
        FixedSize + ((substituteName.Length + printName.Length) * sizeof(char));

    /// <summary>
    /// Writes the error data, which <see cref="ErrorResponse.WriteWithData"/> made room for. <paramref name="unparsedLength"/> is how many
    /// characters of the client's path lie behind the link.
    /// </summary>
    public static void Write(
        Span<byte> data,
        ReadOnlySpan<char> substituteName,
        ReadOnlySpan<char> printName,
        int unparsedLength,
        bool isRelative)
    {
        var substituteSize = substituteName.Length * sizeof(char);
        var printSize = printName.Length * sizeof(char);
        data.Put(0, (uint)(FixedSize - 4 + substituteSize + printSize));
        data.Put(4, ErrorTag);
        data.Put(8, SymlinkReparseTag);
        data.Put(12, (ushort)(12 + substituteSize + printSize));
        data.Put(14, (ushort)(unparsedLength * sizeof(char)));
        data.Put(16, (ushort)0);
        data.Put(18, (ushort)substituteSize);
        data.Put(20, (ushort)substituteSize);
        data.Put(22, (ushort)printSize);
        data.Put(24, isRelative ? RelativeFlag : 0);
        data.PutUtf16(FixedSize, substituteName);
        data.PutUtf16(FixedSize + substituteSize, printName);
    }
}
