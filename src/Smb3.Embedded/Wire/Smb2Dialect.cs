namespace Smb3.Embedded.Wire;

/// <summary>The dialects of MS-SMB2 2.2.3, in ascending order, so that comparing them compares their age.</summary>
internal enum Smb2Dialect : ushort
{
    None = 0,
    Smb202 = 0x0202,
    Smb210 = 0x0210,
    Smb300 = 0x0300,
    Smb302 = 0x0302,
    Smb311 = 0x0311,

    /// <summary>Only in the answer to an SMB1 NEGOTIATE: "some SMB2, ask again" (MS-SMB2 3.3.5.3.1).</summary>
    Wildcard = 0x02FF,
}
