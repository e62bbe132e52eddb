namespace Smb3.Embedded.Fuzzing.Cases;

/// <summary>Which server a case is for.</summary>
internal sealed record Setting
{
    /// <summary>Whether the files lie in a folder and not in memory.</summary>
    public bool Folder { get; init; }

    public bool SigningRequired { get; init; }

    public bool EncryptionRequired { get; init; }

    public bool Guests { get; init; }

    public override string ToString() => (Folder ? "folder" : "memory") + (SigningRequired ? " signing" : string.Empty)
        + (EncryptionRequired ? " encryption" : string.Empty) + (Guests ? " guests" : string.Empty);
}
