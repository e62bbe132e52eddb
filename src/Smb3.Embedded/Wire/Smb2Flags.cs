namespace Smb3.Embedded.Wire;

/// <summary>SecurityMode of NEGOTIATE and SESSION_SETUP (MS-SMB2 2.2.3 and 2.2.5).</summary>
[Flags]
internal enum Smb2SecurityMode : ushort
{
    None = 0,
    SigningEnabled = 0x0001,
    SigningRequired = 0x0002,
}

/// <summary>Capabilities of the client and of the server (MS-SMB2 2.2.3 and 2.2.4).</summary>
[Flags]
internal enum Smb2Capabilities : uint
{
    None = 0,
    Dfs = 0x00000001,
    Leasing = 0x00000002,
    LargeMtu = 0x00000004,
    MultiChannel = 0x00000008,
    PersistentHandles = 0x00000010,
    DirectoryLeasing = 0x00000020,
    Encryption = 0x00000040,
    Notifications = 0x00000080,
}

/// <summary>Flags of a SESSION_SETUP request (MS-SMB2 2.2.5).</summary>
[Flags]
internal enum SessionSetupRequestFlags : byte
{
    None = 0,
    Binding = 0x01,
}

/// <summary>SessionFlags of a SESSION_SETUP response (MS-SMB2 2.2.6).</summary>
[Flags]
internal enum Smb2SessionFlags : ushort
{
    None = 0,
    IsGuest = 0x0001,
    IsNull = 0x0002,
    EncryptData = 0x0004,
}

/// <summary>Flags of a TREE_CONNECT request, SMB 3.1.1 (MS-SMB2 2.2.9).</summary>
[Flags]
internal enum TreeConnectRequestFlags : ushort
{
    None = 0,
    ClusterReconnect = 0x0001,
    RedirectToOwner = 0x0002,
    ExtensionPresent = 0x0004,
}

/// <summary>ShareType of a TREE_CONNECT response (MS-SMB2 2.2.10).</summary>
internal enum Smb2ShareType : byte
{
    Disk = 0x01,
    Pipe = 0x02,
    Print = 0x03,
}

/// <summary>ShareFlags of a TREE_CONNECT response (MS-SMB2 2.2.10). The caching modes are values of a two-bit field.</summary>
[Flags]
internal enum Smb2ShareFlags : uint
{
    ManualCaching = 0x00000000,
    AutoCaching = 0x00000010,
    VdoCaching = 0x00000020,
    NoCaching = 0x00000030,
    Dfs = 0x00000001,
    DfsRoot = 0x00000002,
    RestrictExclusiveOpens = 0x00000100,
    ForceSharedDelete = 0x00000200,
    AllowNamespaceCaching = 0x00000400,
    AccessBasedDirectoryEnum = 0x00000800,
    ForceLevel2Oplock = 0x00001000,
    EnableHashV1 = 0x00002000,
    EnableHashV2 = 0x00004000,
    EncryptData = 0x00008000,
    IdentityRemoting = 0x00040000,
    CompressData = 0x00100000,
    IsolatedTransport = 0x00200000,
}

/// <summary>Capabilities of a TREE_CONNECT response (MS-SMB2 2.2.10).</summary>
[Flags]
internal enum Smb2ShareCapabilities : uint
{
    None = 0,
    Dfs = 0x00000008,
    ContinuousAvailability = 0x00000010,
    ScaleOut = 0x00000020,
    Cluster = 0x00000040,
    Asymmetric = 0x00000080,
    RedirectToOwner = 0x00000100,
}

/// <summary>InfoType of QUERY_INFO and SET_INFO (MS-SMB2 2.2.37 and 2.2.39).</summary>
internal enum Smb2InfoType : byte
{
    File = 0x01,
    FileSystem = 0x02,
    Security = 0x03,
    Quota = 0x04,
}

/// <summary>RequestedOplockLevel and OplockLevel (MS-SMB2 2.2.13).</summary>
internal enum Smb2OplockLevel : byte
{
    None = 0x00,
    LevelII = 0x01,
    Exclusive = 0x08,
    Batch = 0x09,
    Lease = 0xFF,
}

/// <summary>LeaseState (MS-SMB2 2.2.13.2.8).</summary>
[Flags]
internal enum Smb2LeaseState : uint
{
    None = 0,
    Read = 0x01,
    Handle = 0x02,
    Write = 0x04,
}

/// <summary>ImpersonationLevel of CREATE (MS-SMB2 2.2.13).</summary>
internal enum Smb2ImpersonationLevel : uint
{
    Anonymous = 0,
    Identification = 1,
    Impersonation = 2,
    Delegate = 3,
}

/// <summary>Channel of READ and WRITE (MS-SMB2 2.2.19 and 2.2.21).</summary>
internal enum Smb2Channel : uint
{
    None = 0,
    RdmaV1 = 1,
    RdmaV1Invalidate = 2,
    RdmaTransform = 3,
}
