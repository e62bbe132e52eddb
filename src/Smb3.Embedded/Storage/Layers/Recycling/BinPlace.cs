using System.Globalization;

namespace Smb3.Embedded.Storage.Layers.Recycling;

/// <summary>Where the bin is, and the names in it.</summary>
internal sealed class BinPlace(StorePath folder, StringComparison comparison, int maxNameLength)
{
    /// <summary>Files in folders below this many others are not kept: each is made again in the bin.</summary>
    public const int Deepest = 64;

    private const string DayFormat = "yyyy-MM-dd";
    private const int Numbered = 50;

    /// <summary>The folder.</summary>
    public StorePath Folder { get; } = folder;

    /// <summary>The name of a day's folder.</summary>
    public static string NameOf(DateOnly day) => day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>The day whose folder has this name.</summary>
    public static bool TryParse(string name, out DateOnly day) =>
        DateOnly.TryParseExact(name, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    /// <summary>Whether this is the folder of the bin.</summary>
    public bool Is(StorePath path) => path.Text.Equals(Folder.Text, comparison);

    /// <summary>Whether this is in the bin.</summary>
    public bool Holds(StorePath path) => path.IsBelow(Folder, comparison);

    /// <summary>A name, and what a file can be called when it is taken: <c>report (2).txt</c>, in the end something that is not taken.</summary>
    public IEnumerable<string> NamesFor(string name)
    {
        yield return name;
        var dot = name.LastIndexOf('.');
        var (stem, extension) = dot > 0 && name.Length - dot <= 16 ? (name[..dot], name[dot..]) : (name, string.Empty);
        for (var number = 2; number <= Numbered; number++)
        {
            var end = $" ({number.ToString(CultureInfo.InvariantCulture)}){extension}";
            if (stem.Length + end.Length <= maxNameLength)
            {
                yield return stem + end;
            }
        }

        yield return Guid.NewGuid().ToString("N") + extension;
    }
}
