namespace Smb3.Embedded.Sessions;

/// <summary>How a message is protected on its way. There are three, so that noting one costs a reference.</summary>
internal sealed record MessageProtection
{
    private MessageProtection(bool isSigned, bool isEncrypted)
    {
        IsSigned = isSigned;
        IsEncrypted = isEncrypted;
    }

    public static MessageProtection None { get; } = new(false, false);

    public static MessageProtection Signed { get; } = new(true, false);

    /// <summary>Encryption authenticates too: a message in it carries no signature of its own.</summary>
    public static MessageProtection Encrypted { get; } = new(false, true);

    public bool IsSigned { get; }

    public bool IsEncrypted { get; }

    public static MessageProtection Of(bool isSigned, bool isEncrypted) => isEncrypted ? Encrypted : isSigned ? Signed : None;
}
