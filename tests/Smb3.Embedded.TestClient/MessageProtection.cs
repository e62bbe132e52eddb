namespace Smb3.Embedded.TestClient;

/// <summary>How a message is protected.</summary>
internal enum MessageProtection
{
    None,
    Signed,
    Sealed,
}
