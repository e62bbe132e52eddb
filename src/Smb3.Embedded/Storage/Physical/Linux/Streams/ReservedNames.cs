namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>The name that the store keeps for itself, in every directory: below the root lie the roots of other shares.</summary>
internal static class ReservedNames
{
    private const string Name = ".smb3-streams";

    /// <summary>Whether a path has the name anywhere.</summary>
    public static bool IsIn(StorePath path) =>
        path.Text.Contains(Name, StringComparison.OrdinalIgnoreCase) && HasName(path.Text);

    /// <summary>Whether a name, without its zero byte, is it.</summary>
    public static bool Is(ReadOnlySpan<byte> disk) =>
        disk.Length == Name.Length && System.Text.Ascii.EqualsIgnoreCase(disk, Name);

    private static bool HasName(ReadOnlySpan<char> path)
    {
        foreach (var range in path.Split('\\'))
        {
            if (path[range].Equals(Name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
