using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>
/// A section of the configuration as the code reads it: which keys it takes is what it says itself to whoever sets one that does not exist; the
/// rest comes from the properties of the options.
/// </summary>
/// <param name="Path">Its path, such as <c>Smb:Limits</c>, or <c>Smb:Shares:0</c> for what one of a list has.</param>
/// <param name="Settings">The settings, in the order in which the code reads them.</param>
internal sealed partial record SettingsSection(string Path, IReadOnlyList<Setting> Settings)
{
    /// <summary>What the options type does not say: another type is behind what one of the list has.</summary>
    private static readonly Dictionary<Type, Type> Items = new() { [typeof(InMemoryUserStore)] = typeof(SmbUser) };

    private static readonly Lazy<IReadOnlyDictionary<SettingsSource, SettingsSection>> Whole = new(static () =>
        SettingsSource.All.ToDictionary(static source => source, static source => Read(source, source.Path, source.Options)));

    /// <summary>All sections, those within others too.</summary>
    public static IEnumerable<SettingsSection> Everything => Whole.Value.Values.SelectMany(static section => section.All());

    /// <summary>What a source takes.</summary>
    public static SettingsSection Of(SettingsSource source) => Whole.Value[source];

    /// <summary>This section and all below it.</summary>
    public IEnumerable<SettingsSection> All() =>
        Settings.Select(static setting => setting.Section).OfType<SettingsSection>().SelectMany(static section => section.All()).Prepend(this);

    private static SettingsSection Read(SettingsSource source, string path, Type type)
    {
        var defaults = type.GetConstructor(Type.EmptyTypes) is { } make && !type.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute), false)
            ? make.Invoke(null) : null;
        return new SettingsSection(path, [.. KeysOf(source, path).Select(key => ReadSetting(source, $"{path}:{key}", key, type, defaults))]);
    }

    private static Setting ReadSetting(SettingsSource source, string path, string key, Type type, object? defaults)
    {
        // What holds for every store of objects stands in an object of its own.
        var property = type.GetProperty(key) ?? type.GetProperty("Is" + key);
        if (property is null && type.GetProperty("Objects") is { } objects && objects.PropertyType.GetProperty(key) is { } shared)
        {
            (property, defaults) = (shared, objects.GetValue(defaults));
        }

        var setting = Setting.Read(path, key, property, defaults);
        var below = KeysOf(source, path).Length > 0 ? path : KeysOf(source, path + ":0").Length > 0 ? path + ":0" : null;
        return below is null ? setting : setting with { Section = Read(source, below, Items.GetValueOrDefault(setting.ItemType, setting.ItemType)) };
    }

    private static string[] KeysOf(SettingsSource source, string path)
    {
        var key = $"{path}:SurelyNone";
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new(key, "1")]).Build().GetSection(source.Path);
        try
        {
            source.Bind(settings);
            return [];
        }
        catch (OptionsValidationException e)
        {
            return e.Failures.Where(failure => failure.StartsWith($"{key}: ", StringComparison.Ordinal))
                .Select(static failure => Existing().Match(failure)).FirstOrDefault(static match => match.Success)?.Groups[1].Value.Split(", ") ?? [];
        }
    }

    [GeneratedRegex(@"there is no such setting; there are (.*)\.$")]
    private static partial Regex Existing();
}
