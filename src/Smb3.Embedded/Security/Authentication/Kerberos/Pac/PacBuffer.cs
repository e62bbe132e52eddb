namespace Smb3.Embedded.Security.Authentication.Kerberos.Pac;

/// <summary>The parts of a PAC (MS-PAC 2.4).</summary>
internal enum PacBuffer : uint
{
    LogonInformation = 1,
    ServerSignature = 6,
    KdcSignature = 7,
    ClientInformation = 10,
    UpnAndDns = 12,
    Claims = 13,
    DeviceClaims = 15,
    Requestor = 18,
}
