namespace Smb3.Embedded.Storage.Physical.Naming;

/// <summary>The name that the store reserves, in every directory: the roots of other shares may lie below this one.</summary>
internal static class ReservedNames
{
    private const string Name = ".smb3-streams";

    /// <summary>Whether the name occurs anywhere in a path.</summary>
    public static bool IsIn(StorePath path) =>
        path.Text.Contains(Name, StringComparison.OrdinalIgnoreCase) && HasName(path.Text);

    /// <summary>Whether a name, without its terminating zero, is the reserved one.</summary>
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
