namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// USN_RECORD_V2 and USN_RECORD_V3 (MS-FSCC 2.3.62): RecordLength (4), MajorVersion (2), MinorVersion (2), FileReferenceNumber and
/// ParentFileReferenceNumber (8 each, 16 in version 3), Usn (8), TimeStamp (8), Reason (4), SourceInfo (4), SecurityId (4), FileAttributes (4),
/// FileNameLength (2), FileNameOffset (2), FileName.
/// </summary>
internal readonly ref struct UsnRecord
{
    /// <summary>The versions there are.</summary>
    public const ushort First = 2;

    /// <summary>The versions there are.</summary>
    public const ushort Last = 3;

    private const int Alignment = 8;
    private const int IdSize = 8;
    private const int FixedSize = 44;

    public required ushort Version { get; init; }

    public required ulong FileId { get; init; }

    public required ulong ParentId { get; init; }

    public required FileAttributes Attributes { get; init; }

    public required ReadOnlySpan<char> Name { get; init; }

    /// <summary>Its size, with padding.</summary>
    public int Size => (NameOffset + (Name.Length * sizeof(char)) + Alignment - 1) & -Alignment;

    private int NameOffset => FixedSize + (2 * Ids);

    private int Ids => Version == First ? IdSize : 2 * IdSize;

    /// <summary>Writes it into a cleared span. There is no journal, so all that would say what happened when is 0.</summary>
    public void Write(Span<byte> target)
    {
        target.Put(0, (uint)Size);
        target.Put(4, Version);
        target.Put(8, FileId);
        target.Put(8 + Ids, ParentId);
        var rest = target[(8 + (2 * Ids))..];
        rest.Put(28, (uint)Attributes);
        rest.Put(32, (ushort)(Name.Length * sizeof(char)));
        rest.Put(34, (ushort)NameOffset);
        target.PutUtf16(NameOffset, Name);
    }
}
