namespace Smb3.Embedded.Wire.Create.Contexts;

/// <summary>
/// The names of create contexts (MS-SMB2 2.2.13.2). The value is the name's first four bytes read in wire order, which also
/// tells the sixteen-byte names apart.
/// </summary>
internal enum CreateContextName : uint
{
    /// <summary>A name that this server does not know: the context is to be ignored.</summary>
    Unknown = 0,

    /// <summary>"ExtA": extended attributes for a new file.</summary>
    ExtendedAttributes = 0x45787441,

    /// <summary>"SecD": security descriptor for a new file.</summary>
    SecurityDescriptor = 0x53656344,

    /// <summary>"DHnQ".</summary>
    DurableHandleRequest = 0x44486E51,

    /// <summary>"DHnC".</summary>
    DurableHandleReconnect = 0x44486E43,

    /// <summary>"AlSi".</summary>
    AllocationSize = 0x416C5369,

    /// <summary>"MxAc".</summary>
    QueryMaximalAccess = 0x4D784163,

    /// <summary>"TWrp": open the file as it was at a time.</summary>
    TimewarpToken = 0x54577270,

    /// <summary>"QFid".</summary>
    QueryOnDiskId = 0x51466964,

    /// <summary>"RqLs": version 1 or 2, told apart by the length of the data.</summary>
    RequestLease = 0x52714C73,

    /// <summary>"DH2Q".</summary>
    DurableHandleRequestV2 = 0x44483251,

    /// <summary>"DH2C".</summary>
    DurableHandleReconnectV2 = 0x44483243,

    /// <summary>"AAPL": the extensions of macOS clients.</summary>
    Apple = 0x4141504C,

    /// <summary>45BCA66A-EFA7-F74A-9008-FA462E144D74.</summary>
    AppInstanceId = 0x45BCA66A,

    /// <summary>B982D0B7-3B56-074F-A07B-524A8116A010.</summary>
    AppInstanceVersion = 0xB982D0B7,

    /// <summary>9CCBCF9E-04C1-E643-980E-158DA1F6EC83: shared virtual disk.</summary>
    SvhdxOpenDevice = 0x9CCBCF9E,

    /// <summary>93AD2550-9CB4-11E7-B423-83DE968BCD7C: POSIX extensions.</summary>
    Posix = 0x93AD2550,
}
