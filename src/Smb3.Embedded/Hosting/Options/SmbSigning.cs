namespace Smb3.Embedded;

/// <summary>Whether messages are signed.</summary>
public enum SmbSigning
{
    /// <summary>Signed when the client asks for it, which Windows 11 24H2 and macOS do.</summary>
    Auto,

    /// <summary>Every session of a user is signed.</summary>
    Required,
}
