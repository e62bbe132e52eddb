using System.Diagnostics.CodeAnalysis;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>The names of the values of every enumerated setting, as configuration and the command line write them.</summary>
internal sealed class SettingWords<T>
    where T : struct, Enum
{
    private readonly (string Text, T Value)[] _names;

    public SettingWords(params (string Text, T Value)[] names) => _names = names;

    /// <summary>All the names, for a message.</summary>
    public string All => string.Join(", ", _names.Select(name => name.Text));

    public bool TryParse([NotNullWhen(true)] string? text, out T value)
    {
        foreach (var name in _names)
        {
            if (string.Equals(name.Text, text?.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                value = name.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    public string TextOf(T value)
    {
        foreach (var name in _names)
        {
            if (EqualityComparer<T>.Default.Equals(name.Value, value))
            {
                return name.Text;
            }
        }

        return value.ToString();
    }

    public bool Contains(T value) => _names.Any(name => EqualityComparer<T>.Default.Equals(name.Value, value));
}
