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

    private RenameInformation(RenameFlags flags, ulong rootDirectory, ReadOnlySpan<byte> name)
    {
        Flags = flags;
        RootDirectory = rootDirectory;
        Name = name;
    }

    public RenameFlags Flags { get; }

    public bool ReplaceIfExists => (Flags & RenameFlags.ReplaceIfExists) != 0;

    /// <summary>Must be 0 over the network.</summary>
    public ulong RootDirectory { get; }

    /// <summary>UTF-16LE, from the root of the share; an odd length is possible, and refusing it is up to the handler.</summary>
    public ReadOnlySpan<byte> Name { get; }

    public string GetName() => Name.Utf16();

    /// <summary><paramref name="extended"/>: the class is one of the Ex ones.</summary>
    public static bool TryParse(ReadOnlySpan<byte> buffer, bool extended, out RenameInformation information)
    {
        information = default;
        if (buffer.Length < NameOffset || buffer.UInt32(16) > buffer.Length - NameOffset)
        {
            return false;
        }

        var flags = extended ? (RenameFlags)buffer.UInt32(0) : (buffer[0] != 0 ? RenameFlags.ReplaceIfExists : RenameFlags.None);
        information = new RenameInformation(flags, buffer.UInt64(8), buffer.Slice(NameOffset, (int)buffer.UInt32(16)));
        return true;
    }
}
