namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>ContextType of a negotiate context (MS-SMB2 2.2.3.1).</summary>
internal enum NegotiateContextType : ushort
{
    PreauthIntegrity = 0x0001,
    Encryption = 0x0002,
    Compression = 0x0003,
    NetName = 0x0005,
    Transport = 0x0006,
    RdmaTransform = 0x0007,
    Signing = 0x0008,

    /// <summary>POSIX extensions, not in MS-SMB2.</summary>
    Posix = 0x0100,
}
