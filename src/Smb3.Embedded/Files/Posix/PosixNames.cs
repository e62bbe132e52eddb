using System.Buffers;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Posix;

/// <summary>
/// Names of the POSIX extensions, which may have any character but a slash and U+0000. Everywhere else, characters that Windows forbids are
/// represented by private-use ones, as cifs.ko and macOS write them: U+F020–U+F027 for <c>" * : &lt; &gt; ? \ |</c>, U+F001–U+F01F for
/// control characters, U+F028 and U+F029 for a trailing space and dot. Physical stores keep such a name with the plain characters.
/// </summary>
internal static class PosixNames
{
    private const char Map = '\uF000';
    private const string Special = "\"*:<>?\\|";
    private const char LastSpace = LastCharacters.Space;
    private const char LastDot = LastCharacters.Dot;

    private static readonly SearchValues<char> NeedMapping = SearchValues.Create(
        "\"*:<>?\\| ." + new string([.. Enumerable.Range(1, 31).Select(static value => (char)value)]));

    /// <summary>The path as all other clients write it.</summary>
    /// <param name="path">Names separated by slashes.</param>
    public static string ToWindows(string path)
    {
        if (!path.AsSpan().ContainsAny(NeedMapping))
        {
            return path.Replace('/', '\\');
        }

        return string.Create(path.Length, path, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                var c = source[i];
                var special = Special.IndexOf(c, StringComparison.Ordinal);
                var isLast = i + 1 == source.Length || source[i + 1] == '/';
                target[i] = c == '/' ? '\\'
                    : special >= 0 ? (char)(Map + 0x20 + special)
                    : c is > '\0' and < ' ' ? (char)(Map + c)
                    : c == ' ' && isLast ? LastSpace
                    : c == '.' && isLast && !IsDots(source, i) ? LastDot
                    : c;
            }
        });
    }

    /// <summary>A search expression: an asterisk and a question mark keep their usual meaning in one.</summary>
    public static string ToWindowsPattern(string pattern) =>
        ToWindows(pattern).Replace('\uF021', '*').Replace('\uF025', '?');

    /// <summary>A name as a POSIX client sees it.</summary>
    public static string FromWindows(string name)
    {
        if (!name.AsSpan().ContainsAnyInRange('\uF001', LastDot))
        {
            return name;
        }

        return string.Create(name.Length, name, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                var c = source[i];
                target[i] = c is > Map and < (char)(Map + 0x20) ? (char)(c - Map)
                    : c is >= (char)(Map + 0x20) and < LastSpace ? Special[c - Map - 0x20]
                    : c == LastSpace ? ' '
                    : c == LastDot ? '.'
                    : c;
            }
        });
    }

    /// <summary>Whether the name that ends here is <c>.</c> or <c>..</c>.</summary>
    private static bool IsDots(string path, int end)
    {
        var start = path.LastIndexOf('/', end) + 1;
        return path.AsSpan(start, end - start + 1) is "." or "..";
    }
}
