namespace Smb3.Embedded.Pipes.NetApi;

/// <summary>What a server says about itself in several structures.</summary>
internal static class ServerIdentity
{
    /// <summary>PLATFORM_ID_NT (MS-SRVS 2.2.2.6).</summary>
    public const uint PlatformId = 500;

    /// <summary>SV_TYPE_WORKSTATION, SERVER, NT and SERVER_NT (MS-SRVS 2.2.2.7).</summary>
    public const uint ServerType = 0x00000001 | 0x00000002 | 0x00001000 | 0x00008000;
}
