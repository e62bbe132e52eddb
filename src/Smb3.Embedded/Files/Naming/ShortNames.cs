using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// Names in 8.3 form (MS-FSCC 2.1.5.2.1). A name that already has that form is its own short name; for any other, one is derived from the
/// name alone, so no store has to keep it and it is the same after every restart: <c>P12345~6.EXT</c>, one character of the name, six of a
/// hash of all of it, and the extension.
/// </summary>
internal static class ShortNames
{
    /// <summary>The longest short name.</summary>
    public const int MaxLength = 12;

    private const int BaseLength = 8;
    private const int ExtensionLength = 3;
    private const int TildeAt = 6;
    private const ulong Names = 36ul * 36 * 36 * 36 * 36 * 36;
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>Whether a name is a valid 8.3 name, in upper or lower case.</summary>
    public static bool IsShort(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return false;
        }

        var dot = name.IndexOf('.');
        var stem = dot < 0 ? name : name[..dot];
        if (stem.Length is 0 or > BaseLength || !AreAllowed(stem))
        {
            return false;
        }

        return dot < 0 || (name.Length - dot - 1 is >= 1 and <= ExtensionLength && AreAllowed(name[(dot + 1)..]));
    }

    /// <summary>Writes the short name of <paramref name="name"/>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="target">At least <see cref="MaxLength"/> characters.</param>
    /// <returns>Its length.</returns>
    public static int Write(ReadOnlySpan<char> name, Span<char> target)
    {
        if (IsShort(name))
        {
            name.CopyTo(target);
            return name.Length;
        }

        var hash = Hash(name);
        target[0] = Allowed(name[0]);
        for (var i = 1; i < BaseLength; i++)
        {
            if (i == TildeAt)
            {
                target[i] = '~';
                continue;
            }

            (hash, var digit) = Math.DivRem(hash, (ulong)Digits.Length);
            target[i] = Digits[(int)digit];
        }

        var dot = name.LastIndexOf('.');
        if (dot <= 0 || dot == name.Length - 1)
        {
            return BaseLength;
        }

        var length = BaseLength;
        target[length++] = '.';
        foreach (var letter in name[(dot + 1)..Math.Min(name.Length, dot + 1 + ExtensionLength)])
        {
            target[length++] = Allowed(letter);
        }

        return length;
    }

    /// <summary>The short name of <paramref name="name"/>.</summary>
    public static string Of(ReadOnlySpan<char> name)
    {
        Span<char> target = stackalloc char[MaxLength];
        return target[..Write(name, target)].ToString();
    }

    /// <summary>Whether a name has the form that <see cref="Write"/> gives to names that are too long.</summary>
    public static bool CanStandForAnother(ReadOnlySpan<char> name) =>
        name.Length >= BaseLength && name[TildeAt] == '~' && (name.Length == BaseLength || name[BaseLength] == '.') && IsShort(name);

    /// <summary>Whether any name of a path may stand for another.</summary>
    public static bool AnyIn(StorePath path)
    {
        if (!path.Text.Contains('~', StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var range in path.Names)
        {
            if (CanStandForAnother(path.Text.AsSpan(range)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether <paramref name="shortName"/> stands for <paramref name="name"/>.</summary>
    public static bool StandsFor(ReadOnlySpan<char> shortName, ReadOnlySpan<char> name)
    {
        // The first letter tells most of them apart.
        if (IsShort(name) || char.ToUpperInvariant(shortName[0]) != Allowed(name[0]))
        {
            return false;
        }

        Span<char> target = stackalloc char[MaxLength];
        return shortName.Equals(target[..Write(name, target)], StringComparison.OrdinalIgnoreCase);
    }

    private static bool AreAllowed(ReadOnlySpan<char> text)
    {
        foreach (var letter in text)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && !"!#$%&'()-@^_`{}~".Contains(letter, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static char Allowed(char letter) => char.IsAsciiLetterOrDigit(letter) ? char.ToUpperInvariant(letter) : '_';

    // FNV-1a over the upper-case name: never changes, and is spread evenly enough over 36^6 names.
    private static ulong Hash(ReadOnlySpan<char> name)
    {
        var hash = 14695981039346656037ul;
        foreach (var letter in name)
        {
            var upper = char.ToUpperInvariant(letter);
            hash = (hash ^ (byte)upper) * 1099511628211ul;
            hash = (hash ^ (byte)(upper >> 8)) * 1099511628211ul;
        }

        // The low digits of the product are its weakest part.
        hash ^= hash >> 32;
        return hash % Names;
    }
}
