namespace Smb3.Embedded.Security.Directory;

/// <summary>What a directory has said.</summary>
/// <param name="IsKnown">Whether it has answered at all.</param>
/// <param name="Value">The answer; null: there is nothing of that kind.</param>
internal readonly record struct DirectoryAnswer<T>(bool IsKnown, T? Value)
    where T : class
{
    /// <summary>It could not be asked.</summary>
    public static DirectoryAnswer<T> None => default;
}
