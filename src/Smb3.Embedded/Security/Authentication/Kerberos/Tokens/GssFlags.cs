namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>What a client asks of the context (RFC 4121 4.1.1.1).</summary>
[Flags]
internal enum GssFlags : uint
{
    None = 0,

    /// <summary>The service proves itself too.</summary>
    Mutual = 2,

    /// <summary>Three messages, without frames: for RPC (MS-KILE 3.4.5.1).</summary>
    DceStyle = 0x1000,
}
