namespace Smb3.Embedded.Storage;

/// <summary>Whether the server moves the last access time of a file when clients read and write it.</summary>
public enum LastAccessUpdates
{
    /// <summary>It does not. What the medium does by itself when it is read, clients see.</summary>
    Off,

    /// <summary>
    /// Only when it shows something new, as most Linux file systems do it: when the file was written after its last access, or the last access
    /// was a day ago.
    /// </summary>
    Relative,

    /// <summary>With every read and write.</summary>
    On,
}
