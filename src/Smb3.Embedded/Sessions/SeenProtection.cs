namespace Smb3.Embedded.Sessions;

/// <summary>How a message came protected. There are three, so that noting one costs a reference.</summary>
internal sealed record SeenProtection
{
    private SeenProtection(bool isSigned, bool isEncrypted)
    {
        IsSigned = isSigned;
        IsEncrypted = isEncrypted;
    }

    public static SeenProtection None { get; } = new(false, false);

    public static SeenProtection Signed { get; } = new(true, false);

    /// <summary>Encryption authenticates too: a message in it carries no signature of its own.</summary>
    public static SeenProtection Encrypted { get; } = new(false, true);

    public bool IsSigned { get; }

    public bool IsEncrypted { get; }

    public static SeenProtection Of(bool isSigned, bool isEncrypted) => isEncrypted ? Encrypted : isSigned ? Signed : None;
}
