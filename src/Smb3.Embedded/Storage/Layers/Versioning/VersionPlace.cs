using System.Globalization;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>
/// Where versions are. Those of <c>docs\report.txt</c> are files in the folder <c>files\docs\report.txt</c>, named by their times as no client can name
/// a file: it would mean a snapshot.
/// </summary>
internal sealed class VersionPlace(StorePath folder, StringComparison comparison)
{
    /// <summary>Of files in folders below this many others there are no versions: each folder is made again, and looked through.</summary>
    public const int Deepest = 64;

    private const string Format = "'@GMT-'yyyy'.'MM'.'dd'-'HH'.'mm'.'ss";

    /// <summary>The folder of all.</summary>
    public StorePath Folder { get; } = folder;

    /// <summary>The folder that has the folders of the store again, and a folder for each file that has versions.</summary>
    public StorePath Files { get; } = folder.Append("files");

    /// <summary>The folder with an empty file for each time of which there are versions.</summary>
    public StorePath Times { get; } = folder.Append("times");

    /// <summary>The folder of what is being copied.</summary>
    public StorePath Unfinished { get; } = folder.Append("new");

    /// <summary>How names are told apart.</summary>
    public StringComparison Comparison { get; } = comparison;

    /// <summary>The name of a version.</summary>
    public static string NameOf(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>The time of the version that has this name.</summary>
    public static bool TryParse(string name, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(name, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>The folder that holds the versions of a file, or those of what was in a folder.</summary>
    public StorePath HistoryOf(StorePath path) => path.IsRoot ? Files : new StorePath(Files.Text + "\\" + path.Text);

    /// <summary>Whether two paths are one.</summary>
    public bool AreSame(StorePath one, StorePath other) => one.Text.Equals(other.Text, Comparison);
}
