using System.Reflection;
using System.Text.RegularExpressions;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>A setting: a key that the configuration takes, and the property that it is read into.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Key">The last part of the path.</param>
/// <param name="Type">The type of the property.</param>
/// <param name="Meaning">The summary of the property, without what it says of the default.</param>
internal sealed partial record Setting(string Path, string Key, Type Type, string Meaning)
{
    private static readonly (Type, string) Enabled = (typeof(bool), "Whether it is used; where the section is there, it is, unless this says `false`.");

    /// <summary>Keys that no property stands behind.</summary>
    private static readonly Dictionary<string, (Type Type, string Words)> OwnWords = new(StringComparer.Ordinal)
    {
        ["Control:Enabled"] = Enabled,
        ["Discovery:Enabled"] = Enabled,
        ["Winbind:Enabled"] = Enabled,
        ["Smb:Links"] = (typeof(IList<string>), @"Links of namespaces, beside those that a namespace has itself: `NAME\PATH=TARGET[,TARGET]`."),
        ["Smb:Users:0:Password"] = (typeof(string), "The password. Either this or `NtHash` is set."),
        ["Smb:Users:0:NtHash"] = (typeof(ReadOnlyMemory<byte>), "MD4 of the password in UTF-16LE: 32 hexadecimal digits."),
        ["Smb:Users:0:DisplayName"] = (typeof(string), "A name to show."),
    };

    /// <summary>Settings that can also be one text, with such a text.</summary>
    private static readonly Dictionary<string, string> ShortForms = new(StringComparer.Ordinal)
    {
        ["Smb:Shares"] = "docs=/srv/docs,readonly",
        ["Smb:Shares:0:Snapshots"] = "/srv/.snapshots",
        ["Smb:Namespaces"] = "files,guest",
        ["Smb:Namespaces:0:Links"] = @"docs=\\server\docs",
        ["Smb:Namespaces:0:Links:0:Targets"] = @"\\server\docs",
        ["Smb:Namespaces:0:Targets"] = @"\\server\files",
        ["Smb:Users"] = "alice:secret",
    };

    /// <summary>The value that it has unless it is set; null: there is none.</summary>
    public object? Default { get; private init; }

    /// <summary>The default in words, where it depends on the machine or on other settings.</summary>
    public string? DefaultInWords { get; private init; }

    /// <summary>What it is made of, itself or each of a list.</summary>
    public SettingsSection? Section { get; init; }

    /// <summary>A text that it, or one of the list, can be instead of an object.</summary>
    public string? ShortForm => ShortForms.GetValueOrDefault(Path);

    /// <summary>Whether it is a list.</summary>
    public bool IsList => Type.IsGenericType && Type.GetGenericTypeDefinition() is var list
        && (list == typeof(IList<>) || list == typeof(IReadOnlyCollection<>)) || Type == typeof(InMemoryUserStore);

    /// <summary>The type of one of the list; the own of all else, without null.</summary>
    public Type ItemType => IsList && Type.IsGenericType ? Type.GetGenericArguments()[0] : Nullable.GetUnderlyingType(Type) ?? Type;

    /// <summary>Whether it can be <c>none</c>.</summary>
    public bool CanBeNone => Nullable.GetUnderlyingType(Type) is { } type && (type == typeof(int) || type == typeof(TimeSpan));

    /// <param name="path">The path.</param>
    /// <param name="key">The last part of it.</param>
    /// <param name="property">The property; null: there is none.</param>
    /// <param name="defaults">The object with the defaults; null: there is none.</param>
    public static Setting Read(string path, string key, PropertyInfo? property, object? defaults)
    {
        if (OwnWords.TryGetValue(path, out var own))
        {
            return new Setting(path, key, own.Type, own.Words);
        }

        if (property is null)
        {
            throw new InvalidOperationException($"No property is behind the setting {path}; say in {nameof(OwnWords)} what it means.");
        }

        var setting = new Setting(path, key, property.PropertyType, string.Empty);
        var meaning = Documentation.SummaryOf(property, setting.CanBeNone ? "`none`" : "not set");
        var sentence = DefaultSentence().Match(meaning);
        return setting with
        {
            Default = defaults is not null ? property.GetValue(defaults) : setting.Type == typeof(bool) ? false : null,
            DefaultInWords = sentence.Groups["words"] is { Success: true, Value: not "none" } words ? words.Value : null,

            // The code knows the default itself.
            Meaning = (sentence.Success ? meaning.Remove(sentence.Index, sentence.Length).Trim() : meaning) + Explain(setting.ItemType),
        };
    }

    /// <summary>What the values mean that are not just names of something.</summary>
    private static string Explain(Type type) => type == typeof(SmbEncryption) || type == typeof(SmbSigning) || type == typeof(SmbLocalPrograms)
        ? string.Concat(Enum.GetValues(type).Cast<Enum>().Select(static value => $" `{SettingText.Of(value)}`: {Documentation.SummaryOf(value)}"))
        : string.Empty;

    [GeneratedRegex(@"(?:^|\s)Default(?:: (?<words>.+?)| [^:;]+?)\.(?=$|\s[A-Z(])")]
    private static partial Regex DefaultSentence();
}
