namespace Smb3.Embedded.Storage;

/// <summary>
/// A space or a dot at the end of a name. Win32 programs cannot open such a name, so the wire has U+F028 and U+F029 in their place, as cifs.ko
/// (<c>mapposix</c>), macOS and Services for Macintosh write them. A client that sends the plain character means the same file.
/// </summary>
internal static class LastCharacters
{
    /// <summary>Stands for a space.</summary>
    public const char Space = '\uF028';

    /// <summary>Stands for a dot.</summary>
    public const char Dot = '\uF029';

    /// <summary>Whether the name ends in a character that is written otherwise.</summary>
    public static bool ArePlain(ReadOnlySpan<char> name) => !name.IsEmpty && name[^1] is ' ' or '.';

    /// <summary>Whether the name ends in a character that stands for another.</summary>
    public static bool AreMapped(ReadOnlySpan<char> name) => !name.IsEmpty && name[^1] is Space or Dot;

    /// <summary>The name as all clients see it.</summary>
    public static string Map(string name) =>
        ArePlain(name) ? string.Concat(name.AsSpan(0, name.Length - 1), name[^1] == ' ' ? "\uF028" : "\uF029") : name;

    /// <summary>The name with the character that is meant.</summary>
    public static string Unmap(string name) =>
        AreMapped(name) ? string.Concat(name.AsSpan(0, name.Length - 1), name[^1] == Space ? " " : ".") : name;

    /// <summary>The same for all names of a path.</summary>
    public static string MapAll(string path) => string.Join('\\', path.Split('\\').Select(Map));

    /// <summary>The same for all names of a path.</summary>
    public static string UnmapAll(string path) => string.Join('\\', path.Split('\\').Select(Unmap));
}
