namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>What something is encrypted or signed for, so that it cannot be used for anything else (RFC 4120 7.5.1, RFC 4121 2).</summary>
internal enum KeyUsage : uint
{
    Ticket = 2,
    Authenticator = 11,
    ApReply = 12,

    /// <summary>KERB_NON_KERB_CKSUM_SALT (MS-PAC 2.8).</summary>
    Pac = 17,

    AcceptorSeal = 22,
    AcceptorSign = 23,
    InitiatorSeal = 24,
    InitiatorSign = 25,
}
