namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// SMB2_DUPLICATE_EXTENTS_DATA (MS-FSCC 2.3): SourceFileId (16), SourceFileOffset (8), TargetFileOffset (8), ByteCount (8).
/// The Ex form has StructureSize (8) before it and Flags (4), Reserved (4) after it.
/// </summary>
internal readonly record struct DuplicateExtents(Smb2FileId Source, long SourceOffset, long TargetOffset, long ByteCount, uint Flags)
{
    /// <summary>Ex: all or nothing.</summary>
    public const uint SourceAtomic = 0x00000001;

    public const int Size = 40;
    public const int SizeEx = 56;

    public static bool TryParse(ReadOnlySpan<byte> input, out DuplicateExtents data)
    {
        data = input.Length < Size ? default : Read(input, 0);
        return input.Length >= Size;
    }

    public static bool TryParseEx(ReadOnlySpan<byte> input, out DuplicateExtents data)
    {
        data = input.Length < SizeEx ? default : Read(input[8..], input.UInt32(48));
        return input.Length >= SizeEx;
    }

    private static DuplicateExtents Read(ReadOnlySpan<byte> input, uint flags) =>
        new(Smb2FileId.Read(input, 0), input.Int64(16), input.Int64(24), input.Int64(32), flags);
}
