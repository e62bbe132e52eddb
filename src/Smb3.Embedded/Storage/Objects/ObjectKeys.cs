using System.Buffers;
using System.Text;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>Between paths of clients and keys: <c>a\b.txt</c> is <c>a/b.txt</c>, and the folder <c>a</c> is <c>a/</c>.</summary>
internal static class ObjectKeys
{
    private const int MaxName = 255;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        [.. "\"*/:<>?\\|", .. Enumerable.Range(0, 32).Select(static code => (char)code)]);

    /// <summary>The key of the file at <paramref name="path"/>; null when no key can say it.</summary>
    public static string? OfFile(StorePath path, int maxBytes)
    {
        foreach (var range in path.Names)
        {
            // What stands for a dot at the end must not become the folder itself or its parent.
            if (!IsServed(LastCharacters.Unmap(path.Text[range])))
            {
                return null;
            }
        }

        var key = LastCharacters.UnmapAll(path.Text).Replace('\\', '/');
        return Encoding.UTF8.GetByteCount(key) < maxBytes ? key : null; // room for a folder's slash
    }

    /// <summary>Whether clients can have a name of a key, one of those between its slashes.</summary>
    public static bool IsServed(string name) =>
        name.Length is > 0 and <= MaxName && name is not ("." or "..") && !LastCharacters.AreMapped(name)
        && !name.AsSpan().ContainsAny(Forbidden) && IsUnicode(name);

    /// <summary>The folder that holds a file or a folder: empty for the root.</summary>
    public static string ParentOf(string key) => key[..(key.AsSpan(0, Math.Max(key.Length - 1, 0)).LastIndexOf('/') + 1)];

    /// <summary>The last name of a key, without the slash of a folder.</summary>
    public static string NameOf(string key) => key[ParentOf(key).Length..].TrimEnd('/');

    public static bool IsFolder(string key) => key.Length == 0 || key[^1] == '/';

    public static StorePath ToPath(string key) => new(LastCharacters.MapAll(key.TrimEnd('/').Replace('/', '\\')));

    /// <summary>A number for what nobody has numbered (FNV-1a): the same whenever it is asked for, until it is renamed.</summary>
    public static ulong NumberOf(string key)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in key)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return hash == 0 ? 1 : hash;
    }

    // Half a surrogate pair, which NT permits, is no text that a key can have.
    private static bool IsUnicode(string name)
    {
        var rest = name.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var used) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[used..];
        }

        return true;
    }
}
