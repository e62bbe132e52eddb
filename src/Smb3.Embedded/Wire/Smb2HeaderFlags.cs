namespace Smb3.Embedded.Wire;

/// <summary>The Flags field of the header (MS-SMB2 2.2.1).</summary>
[Flags]
internal enum Smb2HeaderFlags : uint
{
    None = 0,
    ServerToRedirector = 0x00000001,
    Async = 0x00000002,
    Related = 0x00000004,
    Signed = 0x00000008,
    PriorityMask = 0x00000070,
    Dfs = 0x10000000,
    Replay = 0x20000000,
}
