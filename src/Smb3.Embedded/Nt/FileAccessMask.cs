namespace Smb3.Embedded.Nt;

/// <summary>
/// What an open may do: the access mask of MS-SMB2 2.2.13.1. The directory meanings of a bit share its value
/// (<see cref="ReadData"/> lists a directory, <see cref="WriteData"/> adds a file, <see cref="AppendData"/> adds a subdirectory).
/// </summary>
[Flags]
public enum FileAccessMask : uint
{
#pragma warning disable CS1591 // the names are the specification's
    None = 0,
    ReadData = 0x00000001,
    WriteData = 0x00000002,
    AppendData = 0x00000004,
    ReadEa = 0x00000008,
    WriteEa = 0x00000010,
    Execute = 0x00000020,
    DeleteChild = 0x00000040,
    ReadAttributes = 0x00000080,
    WriteAttributes = 0x00000100,
    Delete = 0x00010000,
    ReadControl = 0x00020000,
    WriteDac = 0x00040000,
    WriteOwner = 0x00080000,
    Synchronize = 0x00100000,
    AccessSystemSecurity = 0x01000000,
    MaximumAllowed = 0x02000000,
    GenericAll = 0x10000000,
    GenericExecute = 0x20000000,
    GenericWrite = 0x40000000,
    GenericRead = 0x80000000,

    ListDirectory = ReadData,
    AddFile = WriteData,
    AddSubdirectory = AppendData,
    Traverse = Execute,

    /// <summary>FILE_GENERIC_READ.</summary>
    FileGenericRead = 0x00120089,

    /// <summary>FILE_GENERIC_WRITE.</summary>
    FileGenericWrite = 0x00120116,

    /// <summary>FILE_GENERIC_EXECUTE.</summary>
    FileGenericExecute = 0x001200A0,

    /// <summary>FILE_ALL_ACCESS: every right that a file has.</summary>
    FileAllAccess = 0x001F01FF,
#pragma warning restore CS1591
}
