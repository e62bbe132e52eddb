namespace Smb3.Embedded.Dfs;

/// <summary>The paths of links and targets, as people write them and as the protocol has them.</summary>
internal static class NamespacePaths
{
    /// <summary>Names joined by backslashes.</summary>
    public static string OfLink(string path) => path.Replace('/', '\\').Trim('\\');

    /// <summary><c>\server\share</c> and below, with one backslash in front.</summary>
    public static string OfTarget(string path) => '\\' + OfLink(path);

    /// <summary>Whether it begins with two backslashes or slashes.</summary>
    public static bool IsTarget(string path) => path.Length > 2 && path[0] is '\\' or '/' && path[1] is '\\' or '/';
}
