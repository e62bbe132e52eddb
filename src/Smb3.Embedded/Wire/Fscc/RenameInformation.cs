namespace Smb3.Embedded.Wire.Fscc;

/// <summary>Flags of FileRenameInformationEx and FileLinkInformationEx (MS-FSCC 2.4).</summary>
[Flags]
internal enum RenameFlags : uint
{
    None = 0,
    ReplaceIfExists = 0x00000001,
    PosixSemantics = 0x00000002,
    SuppressPinStateInheritance = 0x00000004,
    IgnoreReadOnlyAttribute = 0x00000040,
}

/// <summary>
/// The new name of a file: FileRenameInformation and FileLinkInformation in the form of SMB2 (MS-FSCC 2.4):
/// ReplaceIfExists (1), Reserved (7), RootDirectory (8), FileNameLength (4), FileName. The Ex classes have Flags (4) in the first place.
/// </summary>
internal readonly ref struct RenameInformation
{
    private const int NameOffset = 20;

    private RenameInformation(RenameFlags flags, ulong rootDirectory, ReadOnlySpan<byte> name, bool hasName)
    {
        Flags = flags;
        RootDirectory = rootDirectory;
        Name = name;
        HasName = hasName;
    }

    public RenameFlags Flags { get; }

    public bool ReplaceIfExists => (Flags & RenameFlags.ReplaceIfExists) != 0;

    /// <summary>Must be 0 over the network.</summary>
    public ulong RootDirectory { get; }

    /// <summary>UTF-16LE, from the root of the share; empty where <see cref="HasName"/> is false.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>
    /// Whether FileNameLength is even, not 0 and within the buffer; else the answer is STATUS_INVALID_PARAMETER (MS-FSA 2.1.5.15.6 and
    /// 2.1.5.15.11).
    /// </summary>
    public bool HasName { get; }

    public string GetName() => Name.Utf16();

    /// <summary>
    /// False when the buffer is shorter than the fields before the name; <paramref name="extended"/>: the class is one of the Ex ones.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> buffer, bool extended, out RenameInformation information)
    {
        information = default;
        if (buffer.Length < NameOffset)
        {
            return false;
        }

        var length = buffer.UInt32(16);
        var hasName = length != 0 && (length & 1) == 0 && length <= buffer.Length - NameOffset;

        var flags = extended ? (RenameFlags)buffer.UInt32(0) : (buffer[0] != 0 ? RenameFlags.ReplaceIfExists : RenameFlags.None);
        information = new RenameInformation(flags, buffer.UInt64(8), hasName ? buffer.Slice(NameOffset, (int)length) : default, hasName);
        return true;
    }
}
