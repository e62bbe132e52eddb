namespace Smb3.Embedded.Nt;

/// <summary>Which kinds of change a watcher wants to be told of (MS-SMB2 2.2.35, CompletionFilter).</summary>
[Flags]
public enum ChangeFilter : uint
{
#pragma warning disable CS1591 // the names are the specification's
    None = 0,
    FileName = 0x00000001,
    DirectoryName = 0x00000002,
    Attributes = 0x00000004,
    Size = 0x00000008,
    LastWrite = 0x00000010,
    LastAccess = 0x00000020,
    Creation = 0x00000040,
    Ea = 0x00000080,
    Security = 0x00000100,
    StreamName = 0x00000200,
    StreamSize = 0x00000400,
    StreamWrite = 0x00000800,
    All = 0x00000FFF,
}

/// <summary>What happened to a name (MS-FSCC 2.7.1, Action).</summary>
public enum ChangeAction : uint
{
    Added = 1,
    Removed = 2,
    Modified = 3,
    RenamedOldName = 4,
    RenamedNewName = 5,
    AddedStream = 6,
    RemovedStream = 7,
    ModifiedStream = 8,
}
#pragma warning restore CS1591
