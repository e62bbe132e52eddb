namespace Smb3.Embedded.Storage.Apple;

/// <summary>The named streams in which macOS keeps what a Mac keeps with a file, as Windows NT's Services for Macintosh named them.</summary>
internal static class AfpStream
{
    /// <summary>The resource fork.</summary>
    public const string ResourceFork = "AFP_Resource";

    /// <summary>Finder info and more: see <see cref="AfpInfo"/>.</summary>
    public const string Information = "AFP_AfpInfo";

    public static bool IsInformation(string? stream) => Is(stream, Information);

    public static bool IsResourceFork(string? stream) => Is(stream, ResourceFork);

    /// <summary>Whether a file that has such a stream without data is a file that has no such stream.</summary>
    public static bool MeansNothingEmpty(string? stream) => IsInformation(stream) || IsResourceFork(stream);

    private static bool Is(string? stream, string name) =>
        stream is not null && stream.Length == name.Length && stream.Equals(name, StringComparison.OrdinalIgnoreCase);
}
