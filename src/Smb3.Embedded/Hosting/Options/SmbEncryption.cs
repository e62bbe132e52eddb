namespace Smb3.Embedded;

/// <summary>Whether messages are encrypted.</summary>
public enum SmbEncryption
{
    /// <summary>Never; it is not offered to clients.</summary>
    Off,

    /// <summary>Offered, and used where the client or the share requires it.</summary>
    Auto,

    /// <summary>Every session is encrypted; a client that cannot (older than SMB 3.0) is refused.</summary>
    Required,
}
