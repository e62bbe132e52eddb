using System.Text;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// The short names that clients have given to files of one directory (MS-FSCC 2.4.44), as they are kept with it: UTF-16, a line
/// <c>name/short name</c> for each, with nothing behind the slash where the file is to have none.
/// </summary>
internal sealed class GivenShortNames
{
    private const char Separator = '/';
    private const char End = '\n';

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    private GivenShortNames()
    {
    }

    /// <summary>All of them: the name of the file, and its short name or nothing.</summary>
    public IEnumerable<KeyValuePair<string, string>> All => _names;

    /// <summary>Reads what is kept; what is malformed, because somebody else has written it, is left out.</summary>
    public static GivenShortNames Read(ReadOnlySpan<byte> kept)
    {
        var given = new GivenShortNames();
        foreach (var line in Encoding.Unicode.GetString(kept[..(kept.Length & ~1)]).Split(End, StringSplitOptions.RemoveEmptyEntries))
        {
            var cut = line.IndexOf(Separator, StringComparison.Ordinal);
            if (cut > 0 && (cut + 1 == line.Length || ShortNames.IsShort(line.AsSpan(cut + 1))))
            {
                given._names[line[..cut]] = line[(cut + 1)..];
            }
        }

        return given;
    }

    /// <summary>Gives a short name to a file; empty: it has none.</summary>
    public void Give(string name, string shortName) => _names[name] = shortName;

    /// <summary>Forgets what was given to a file that is no longer there.</summary>
    public void Forget(string name) => _names.Remove(name);

    /// <summary>As it is kept.</summary>
    public byte[] Write() => Encoding.Unicode.GetBytes(string.Concat(_names.Select(static pair => $"{pair.Key}{Separator}{pair.Value}{End}")));
}
