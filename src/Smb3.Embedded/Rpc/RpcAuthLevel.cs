namespace Smb3.Embedded.Rpc;

/// <summary>Authentication levels (MS-RPCE 2.2.1.1.8).</summary>
internal enum RpcAuthLevel : byte
{
    /// <summary>As <see cref="Connect"/>.</summary>
    Default = 0,

    None = 1,

    /// <summary>The caller is authenticated once; the calls are not protected.</summary>
    Connect = 2,

    /// <summary>On connections the same as <see cref="Packet"/>.</summary>
    Call = 3,

    /// <summary>On connections the same as <see cref="Integrity"/>.</summary>
    Packet = 4,

    /// <summary>Every fragment is signed.</summary>
    Integrity = 5,

    /// <summary>Every fragment is signed, and its stub encrypted.</summary>
    Privacy = 6,
}

/// <summary>Security providers (MS-RPCE 2.2.1.1.7).</summary>
internal enum RpcAuthType : byte
{
    None = 0,

    /// <summary>SPNEGO.</summary>
    Negotiate = 9,

    Ntlm = 10,
    Kerberos = 16,
    Netlogon = 68,
}
