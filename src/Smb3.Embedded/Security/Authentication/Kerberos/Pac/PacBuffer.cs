namespace Smb3.Embedded.Security.Authentication.Kerberos.Pac;

/// <summary>The parts of a PAC that are read (MS-PAC 2.4).</summary>
internal enum PacBuffer : uint
{
    LogonInformation = 1,
    ServerSignature = 6,
    KdcSignature = 7,
    ClientInformation = 10,
    Requestor = 18,
}
