using System.Buffers;
using System.Text;

namespace Smb3.Embedded.Storage.Physical.Naming;

/// <summary>
/// Names on a POSIX disk are bytes; names on the wire are UTF-16 without the characters that Windows forbids. What one side cannot express
/// is written with private-use characters on the wire, as cifs.ko (<c>mapposix</c>), macOS and Services for Macintosh do:
/// <code>
/// disk                           wire
/// 0x01–0x1F                      U+F001–U+F01F
/// " * : &lt; > ? \ |                U+F020 … U+F027
/// trailing space, trailing dot   U+F028, U+F029
/// a byte that is not UTF-8       U+F000 + byte (U+F080–U+F0FF)
/// </code>
/// A disk name that itself contains one of these characters is written byte by byte, so every disk name has exactly one wire name, which
/// maps back to it. Half a surrogate pair, which NT permits, is stored as the three bytes that UTF-8 would use for it.
/// </summary>
internal static class DiskNames
{
    private const char Map = '\uF000';
    private const string Special = "\"*:<>?\\|";
    private const char LastSpace = LastCharacters.Space;
    private const char LastDot = LastCharacters.Dot;

    private static readonly SearchValues<char> NeedCare = SearchValues.Create(Reserved());

    /// <summary>The most bytes that <see cref="TryEncode"/> writes for a name of this many characters.</summary>
    public static int MaxBytes(int length) => length * 3;

    /// <summary>Writes the disk name for a wire name; false when there is none.</summary>
    public static bool TryEncode(ReadOnlySpan<char> name, Span<byte> disk, out int written)
    {
        written = 0;
        var rest = name;
        while (!rest.IsEmpty)
        {
            var c = rest[0];
            if (c < 0x80)
            {
                if (c is '/' or '\0')
                {
                    return false;
                }

                disk[written++] = (byte)c;
                rest = rest[1..];
                continue;
            }

            if (IsReserved(c))
            {
                disk[written++] = c >= Map + 0x80 ? (byte)(c - Map)
                    : c < Map + 0x20 ? (byte)(c - Map)
                    : c == LastSpace ? (byte)' '
                    : c == LastDot ? (byte)'.'
                    : (byte)Special[c - Map - 0x20];
                rest = rest[1..];
                continue;
            }

            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) == OperationStatus.Done)
            {
                written += rune.EncodeToUtf8(disk[written..]);
            }
            else
            {
                disk[written++] = (byte)(0xE0 | (c >> 12));
                disk[written++] = (byte)(0x80 | ((c >> 6) & 0x3F));
                disk[written++] = (byte)(0x80 | (c & 0x3F));
            }

            rest = rest[used..];
        }

        // A mapped dot must not turn an innocent name into "." or "..".
        var bytes = disk[..written];
        if (bytes.SequenceEqual("."u8) || bytes.SequenceEqual(".."u8))
        {
            return false;
        }

        // A wire name that would come back as a different one names nothing.
        return !name.ContainsAny(NeedCare) || Decode(bytes).AsSpan().SequenceEqual(name);
    }

    /// <summary>The wire name for a disk name.</summary>
    public static string Decode(ReadOnlySpan<byte> disk)
    {
        if (Ascii.IsValid(disk) && !disk.ContainsAny(DiskSpecial) && disk[^1] is not ((byte)' ' or (byte)'.'))
        {
            return Encoding.ASCII.GetString(disk);
        }

        Span<char> name = disk.Length <= 256 ? stackalloc char[256] : new char[disk.Length];
        var length = 0;
        var rest = disk;
        while (!rest.IsEmpty)
        {
            var b = rest[0];
            if (b < 0x80)
            {
                var special = Special.IndexOf((char)b, StringComparison.Ordinal);
                name[length++] = b < 0x20 ? (char)(Map + b)
                    : special >= 0 ? (char)(Map + 0x20 + special)
                    : rest.Length == 1 && b == ' ' ? LastSpace
                    : rest.Length == 1 && b == '.' ? LastDot
                    : (char)b;
                rest = rest[1..];
                continue;
            }

            if (Rune.DecodeFromUtf8(rest, out var rune, out var used) == OperationStatus.Done
                && !(rune.IsBmp && IsReserved((char)rune.Value)))
            {
                length += rune.EncodeToUtf16(name[length..]);
                rest = rest[used..];
                continue;
            }

            if (TryHalfSurrogate(rest, out var half)
                && !(char.IsLowSurrogate(half) && length > 0 && char.IsHighSurrogate(name[length - 1])))
            {
                name[length++] = half;
                rest = rest[3..];
                continue;
            }

            name[length++] = (char)(Map + b);
            rest = rest[1..];
        }

        return name[..length].ToString();
    }

    /// <summary>
    /// Whether the wire name is the one that <see cref="Decode"/> gives; other names for the same file end in a plain dot or space.
    /// </summary>
    public static bool IsCanonical(ReadOnlySpan<char> name) => !LastCharacters.ArePlain(name);

    private static readonly SearchValues<byte> DiskSpecial = SearchValues.Create(
        [.. Enumerable.Range(1, 31).Select(static value => (byte)value), .. "\"*:<>?\\|"u8]);

    private static bool IsReserved(char c) =>
        c is (> Map and <= LastDot) or (>= (char)(Map + 0x80) and <= (char)(Map + 0xFF));

    private static bool TryHalfSurrogate(ReadOnlySpan<byte> bytes, out char half)
    {
        half = default;
        if (bytes.Length < 3 || bytes[0] != 0xED || bytes[1] is < 0xA0 or > 0xBF || (bytes[2] & 0xC0) != 0x80)
        {
            return false;
        }

        half = (char)(0xD000 | ((bytes[1] & 0x3F) << 6) | (bytes[2] & 0x3F));
        return true;
    }

    private static string Reserved()
    {
        var all = new StringBuilder();
        for (var c = Map; c <= Map + 0xFF; c++)
        {
            if (IsReserved(c))
            {
                all.Append(c);
            }
        }

        for (var c = '\uD800'; c <= '\uDFFF'; c++)
        {
            all.Append(c);
        }

        return all.ToString();
    }
}
