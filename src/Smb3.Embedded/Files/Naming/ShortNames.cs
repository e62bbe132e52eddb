using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// Names in 8.3 form (MS-FSCC 2.1.5.2.1). A name that already has that form is its own short name. Any other gets one as NTFS makes it:
/// <c>LONGNA~1.EXT</c> to <c>~4</c>, in the order in which the names came (<see cref="ShortNameTable"/>), and with four digits of a checksum
/// from the fifth on. In a directory that is too large to know all of its names, it is derived from the name alone
/// (<see cref="WriteHashed"/>).
/// </summary>
internal static class ShortNames
{
    /// <summary>The longest short name.</summary>
    public const int MaxLength = 12;

    /// <summary>From the next one on, names that differ in nothing else are told apart by a checksum.</summary>
    private const int MaxPlain = 4;

    private const int BaseLength = 8;
    private const int ExtensionLength = 3;
    private const int LettersBeforeTilde = 6;
    private const int LettersBeforeChecksum = 2;
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

    /// <summary>Whether a name may be the short name of another; those that the server makes have a tilde.</summary>
    public static bool CanStandForAnother(ReadOnlySpan<char> name, bool anyWithoutTilde) =>
        (anyWithoutTilde || name.Contains('~')) && IsShort(name);

    /// <summary>Whether any name of a path may stand for another.</summary>
    public static bool AnyIn(StorePath path, bool anyWithoutTilde)
    {
        if (!anyWithoutTilde && !path.Text.Contains('~', StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var range in path.Names)
        {
            if (CanStandForAnother(path.Text.AsSpan(range), anyWithoutTilde))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The short name of a name that is not short itself: the first one that is free.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isTaken">Whether a short name is another's.</param>
    public static string Make(ReadOnlySpan<char> name, Func<string, bool> isTaken)
    {
        Span<char> letters = stackalloc char[LettersBeforeTilde];
        var dot = name.TrimStart('.').LastIndexOf('.') is var last and >= 0 ? name.Length - name.TrimStart('.').Length + last : name.Length;
        var stem = letters[..Take(name[..dot], letters)];
        Span<char> extension = stackalloc char[ExtensionLength];
        extension = extension[..(dot == name.Length ? 0 : Take(name[(dot + 1)..], extension))];
        var suffix = extension.IsEmpty ? string.Empty : $".{extension}";
        if (stem.Length > LettersBeforeChecksum)
        {
            for (var number = 1; number <= MaxPlain; number++)
            {
                var plain = $"{stem}~{number}{suffix}";
                if (!isTaken(plain))
                {
                    return plain;
                }
            }
        }

        var checksum = Checksum(name).ToString("X4", null);
        for (var number = 1; ; number++)
        {
            var digits = number.ToString((IFormatProvider?)null);
            var room = BaseLength - checksum.Length - 1 - digits.Length;
            var summed = $"{stem[..Math.Clamp(room, 0, Math.Min(stem.Length, LettersBeforeChecksum))]}{checksum}~{digits}{suffix}";
            if (!isTaken(summed))
            {
                return summed;
            }
        }
    }

    /// <summary>Writes the short name that is derived from <paramref name="name"/> alone: <c>P12345~6.EXT</c>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="target">At least <see cref="MaxLength"/> characters.</param>
    /// <returns>Its length.</returns>
    public static int WriteHashed(ReadOnlySpan<char> name, Span<char> target)
    {
        var hash = Hash(name);
        target[0] = Allowed(name[0]);
        for (var i = 1; i < BaseLength; i++)
        {
            if (i == LettersBeforeTilde)
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

    /// <summary>The same as text.</summary>
    public static string Hashed(ReadOnlySpan<char> name)
    {
        Span<char> target = stackalloc char[MaxLength];
        return target[..WriteHashed(name, target)].ToString();
    }

    /// <summary>Whether <paramref name="shortName"/> is derived from <paramref name="name"/> alone.</summary>
    public static bool IsHashOf(ReadOnlySpan<char> shortName, ReadOnlySpan<char> name)
    {
        // The first letter tells most of them apart.
        if (IsShort(name) || char.ToUpperInvariant(shortName[0]) != Allowed(name[0]))
        {
            return false;
        }

        Span<char> target = stackalloc char[MaxLength];
        return shortName.Equals(target[..WriteHashed(name, target)], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The first letters that a short name can have, in upper case; what it cannot have becomes an underscore or is left out.</summary>
    private static int Take(ReadOnlySpan<char> name, Span<char> letters)
    {
        var count = 0;
        foreach (var letter in name)
        {
            if (count == letters.Length)
            {
                break;
            }

            if (letter is not (' ' or '.' or LastCharacters.Space or LastCharacters.Dot))
            {
                letters[count++] = IsAllowed(letter) ? char.ToUpperInvariant(letter) : '_';
            }
        }

        return count;
    }

    private static bool AreAllowed(ReadOnlySpan<char> text)
    {
        foreach (var letter in text)
        {
            if (!IsAllowed(letter))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsAllowed(char letter) =>
        char.IsAsciiLetterOrDigit(letter) || "!#$%&'()-@^_`{}~".Contains(letter, StringComparison.Ordinal);

    private static char Allowed(char letter) => char.IsAsciiLetterOrDigit(letter) ? char.ToUpperInvariant(letter) : '_';

    // Spread evenly enough over four digits; the same for a name after every restart.
    private static ushort Checksum(ReadOnlySpan<char> name) => (ushort)(Hash(name) & ushort.MaxValue);

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
