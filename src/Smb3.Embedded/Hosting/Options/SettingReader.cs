using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>
/// Reads values of settings, and keeps what is wrong with them: the setting's path, and what it can be. Packages beside this one are compiled with it too.
/// </summary>
internal abstract class SettingReader
{
    /// <summary>What is wrong.</summary>
    protected List<string> Failures { get; } = [];

    /// <summary>Whether what a section is for is wanted: when it is there and does not say no.</summary>
    public static bool IsEnabled(IConfigurationSection section) =>
        section.Exists() && !"false".Equals(section["Enabled"]?.Trim(), StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a whole section.</summary>
    /// <exception cref="OptionsValidationException">A setting is unknown or has an invalid value; the failures name each of them.</exception>
    protected void Read(IConfigurationSection section, Type ofOptions, Dictionary<string, Action<IConfigurationSection>> settings)
    {
        Apply(section.GetChildren(), settings);
        if (Failures.Count > 0)
        {
            throw new OptionsValidationException(ofOptions.Name, ofOptions, Failures);
        }
    }

    protected void Apply(IEnumerable<IConfigurationSection> children, Dictionary<string, Action<IConfigurationSection>> settings)
    {
        foreach (var child in children)
        {
            if (settings.TryGetValue(child.Key, out var read))
            {
                read(child);
            }
            else
            {
                Fail(child.Path, $"there is no such setting; there are {string.Join(", ", settings.Keys)}");
            }
        }
    }

    protected static void Replace<T>(ICollection<T> list, IConfigurationSection section, Action<(string Path, string Text), Action<T>> read)
    {
        list.Clear();
        var texts = section.Value is { } text
            ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => (section.Path, part))
            : section.GetChildren().Select(child => (child.Path, child.Value?.Trim() ?? string.Empty));
        foreach (var item in texts)
        {
            read(item, list.Add);
        }
    }

    protected static IEnumerable<IConfigurationSection> Items(IConfigurationSection section) =>
        section.Value is null ? section.GetChildren() : section.Value.Length == 0 ? [] : [section];

    protected static string Text(IConfigurationSection section) => section.Value?.Trim() ?? string.Empty;

    protected static bool IsNone(IConfigurationSection section) =>
        section.Value is null or "" || section.Value.Trim().Equals("none", StringComparison.OrdinalIgnoreCase);

    protected void Word<T>(IConfigurationSection section, SettingWords<T> names, Action<T> set)
        where T : struct, Enum => Word(section.Path, Text(section), names, set);

    protected void Word<T>(string path, string text, SettingWords<T> names, Action<T> set)
        where T : struct, Enum
    {
        if (names.TryParse(text, out var value))
        {
            set(value);
        }
        else
        {
            Fail(path, $"'{text}' is not known; it can be {names.All}");
        }
    }

    protected void Flag(IConfigurationSection section, Action<bool> set)
    {
        if (bool.TryParse(section.Value, out var value))
        {
            set(value);
        }
        else
        {
            Fail(section.Path, $"'{section.Value}' is neither true nor false");
        }
    }

    protected void Number(IConfigurationSection section, Action<int> set)
    {
        if (int.TryParse(section.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            set(value);
        }
        else
        {
            Fail(section.Path, $"'{section.Value}' is not a whole number that it can be");
        }
    }

    protected void NumberOrNone(IConfigurationSection section, Action<int?> set)
    {
        if (IsNone(section))
        {
            set(null);
        }
        else
        {
            Number(section, value => set(value));
        }
    }

    protected void LongNumber(IConfigurationSection section, Action<long> set)
    {
        if (long.TryParse(section.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            set(value);
        }
        else
        {
            Fail(section.Path, $"'{section.Value}' is not a whole number that it can be");
        }
    }

    // A bare number means seconds; TimeSpan would take it as days.
    protected void Time(IConfigurationSection section, Action<TimeSpan> set)
    {
        if (double.TryParse(section.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e9)
        {
            set(TimeSpan.FromSeconds(seconds));
        }
        else if (TimeSpan.TryParse(section.Value, CultureInfo.InvariantCulture, out var value))
        {
            set(value);
        }
        else
        {
            Fail(section.Path, $"'{section.Value}' is not a time; write hh:mm:ss or a number of seconds");
        }
    }

    protected void Fail(string path, string problem) => Failures.Add($"{path}: {problem}.");
}
