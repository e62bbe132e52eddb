using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>
/// A section of the configuration as the code reads it: which keys it takes is what it says itself to whoever sets one that does not exist; the
/// rest comes from the properties of the options.
/// </summary>
/// <param name="Path">Its path from the server's section on, such as <c>Limits</c>, or <c>Shares:0</c> for what one of a list has.</param>
/// <param name="Settings">The settings, in the order in which the code reads them.</param>
internal sealed partial record SettingsSection(string Path, IReadOnlyList<Setting> Settings)
{
    /// <summary>What the options type does not say: another type is behind what one of the list has.</summary>
    private static readonly Dictionary<Type, Type> Items = new() { [typeof(InMemoryUserStore)] = typeof(SmbUser) };

    private static readonly Lazy<SettingsSection> Whole = new(static () => Read(string.Empty, typeof(SmbServerOptions)));

    /// <summary>The server's section.</summary>
    public static SettingsSection Root => Whole.Value;

    /// <summary>This section and all below it.</summary>
    public IEnumerable<SettingsSection> All() =>
        Settings.Select(static setting => setting.Section).OfType<SettingsSection>().SelectMany(static section => section.All()).Prepend(this);

    private static SettingsSection Read(string path, Type type)
    {
        var defaults = type.GetConstructor(Type.EmptyTypes) is { } make && !type.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute), false)
            ? make.Invoke(null) : null;
        return new SettingsSection(path, [.. KeysOf(path).Select(key => ReadSetting(path.Length == 0 ? key : $"{path}:{key}", key, type, defaults))]);
    }

    private static Setting ReadSetting(string path, string key, Type type, object? defaults)
    {
        var setting = Setting.Read(path, key, type.GetProperty(key) ?? type.GetProperty("Is" + key), defaults);
        var below = KeysOf(path).Length > 0 ? path : KeysOf(path + ":0").Length > 0 ? path + ":0" : null;
        return below is null ? setting : setting with { Section = Read(below, Items.GetValueOrDefault(setting.ItemType, setting.ItemType)) };
    }

    private static string[] KeysOf(string path)
    {
        const string None = "SurelyNone";
        var key = path.Length == 0 ? None : $"{path}:{None}";
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Smb:" + key, "1")]).Build().GetSection("Smb");
        try
        {
            new SmbServerOptions().Bind(settings);
            return [];
        }
        catch (OptionsValidationException e)
        {
            return e.Failures.Where(failure => failure.StartsWith($"Smb:{key}: ", StringComparison.Ordinal))
                .Select(static failure => Existing().Match(failure)).FirstOrDefault(static match => match.Success)?.Groups[1].Value.Split(", ") ?? [];
        }
    }

    [GeneratedRegex(@"there is no such setting; there are (.*)\.$")]
    private static partial Regex Existing();
}
