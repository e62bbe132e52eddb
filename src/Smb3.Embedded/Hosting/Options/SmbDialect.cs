namespace Smb3.Embedded;

/// <summary>
/// The dialects of SMB that the server speaks, in ascending order. As text: <c>2.0.2</c>, <c>2.1</c>, <c>3.0</c>, <c>3.0.2</c>,
/// <c>3.1.1</c>.
/// </summary>
public enum SmbDialect
{
    /// <summary>SMB 2.0.2: Windows Vista SP1, Server 2008.</summary>
    Smb202 = 0x0202,

    /// <summary>SMB 2.1: Windows 7, Server 2008 R2.</summary>
    Smb21 = 0x0210,

    /// <summary>SMB 3.0: Windows 8, Server 2012. The first with encryption.</summary>
    Smb30 = 0x0300,

    /// <summary>SMB 3.0.2: Windows 8.1, Server 2012 R2.</summary>
    Smb302 = 0x0302,

    /// <summary>SMB 3.1.1: Windows 10 and later, Server 2016 and later. Pre-authentication integrity.</summary>
    Smb311 = 0x0311,
}
