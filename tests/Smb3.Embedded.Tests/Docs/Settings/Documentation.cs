using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>The comments of the packages' properties, as text in which code stands between backticks.</summary>
internal static partial class Documentation
{
    private static readonly Lazy<Dictionary<string, XElement>> Summaries = new(static () =>
        SettingsSource.All
            .Select(static source => Path.ChangeExtension(source.Options.Assembly.Location, ".xml"))
            .SelectMany(static file => XDocument.Load(file, LoadOptions.PreserveWhitespace).Descendants("member"))
            .DistinctBy(static member => member.Attribute("name")!.Value)
            .Where(static member => member.Element("summary") is not null)
            .ToDictionary(static member => member.Attribute("name")!.Value, static member => member.Element("summary")!));

    /// <param name="property">A property of the library.</param>
    /// <param name="nothing">What stands for null.</param>
    public static string SummaryOf(PropertyInfo property, string nothing) => SummaryOf($"P:{property.DeclaringType!.FullName}.{property.Name}", nothing);

    /// <param name="value">A value of an enumeration of the library.</param>
    public static string SummaryOf(Enum value) => SummaryOf($"F:{value.GetType().FullName}.{value}", string.Empty);

    private static string SummaryOf(string name, string nothing)
    {
        if (!Summaries.Value.TryGetValue(name, out var summary))
        {
            throw new InvalidOperationException($"{name} has no summary.");
        }

        var line = Space().Replace(string.Concat(summary.Nodes().Select(node => TextOf(node, nothing))), " ").Trim();
        return SentenceStart().Replace(line, static start => start.Value.ToUpperInvariant());
    }

    private static string TextOf(XNode node, string nothing) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see when see.Attribute("langword") is { } word => word.Value == "null" ? nothing : $"`{word.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{NameOf(see.Attribute("cref")!.Value)}`",
        XElement other => other.Value,
        _ => string.Empty,
    };

    /// <summary>What a reference leads to, as configuration writes it where it is a value.</summary>
    private static string NameOf(string reference)
    {
        var path = reference.Split('(')[0][2..];
        var last = path.LastIndexOf('.');
        var type = SettingsSource.All.Select(source => source.Options.Assembly.GetType(path[..last])).FirstOrDefault(static found => found is not null);
        return type switch
        {
            { IsEnum: true } => SettingText.Of(Enum.Parse(type, path[(last + 1)..])),
            not null when type.GetField(path[(last + 1)..]) is { IsLiteral: true } constant => SettingText.Of(constant.GetRawConstantValue()!),
            _ => path[(last + 1)..],
        };
    }

    [GeneratedRegex(@"(?<=^|\. )[a-z]")]
    private static partial Regex SentenceStart();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
