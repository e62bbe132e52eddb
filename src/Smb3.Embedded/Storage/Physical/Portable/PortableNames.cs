using System.Buffers;
using System.Text;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>
/// Which names the portable store accepts. A name that Win32 would take for something else (a device, a stream, a name stripped of its
/// trailing dots) is refused on every system.
/// </summary>
internal static class PortableNames
{
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        "\"*/:<>?|\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F"
        + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F\uFFFD");

    private static readonly string[] Devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

    /// <summary>Whether a file can have this name.</summary>
    public static bool IsAllowed(ReadOnlySpan<char> name) =>
        !name.IsEmpty && name.Length <= 255 && !name.ContainsAny(Forbidden) && name[^1] is not ('.' or ' ')
        && !IsDevice(name) && IsUnicode(name);

    // "COM1", "com1.txt" and "COM1 .txt" all mean the port; the superscript digits count too.
    private static bool IsDevice(ReadOnlySpan<char> name)
    {
        var dot = name.IndexOf('.');
        var stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        foreach (var device in Devices)
        {
            if (stem.Equals(device, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return stem.Length == 4
            && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase))
            && (char.IsAsciiDigit(stem[3]) || stem[3] is '\u00B9' or '\u00B2' or '\u00B3');
    }

    private static bool IsUnicode(ReadOnlySpan<char> name)
    {
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(name, out _, out var used) != OperationStatus.Done)
            {
                return false;
            }

            name = name[used..];
        }

        return true;
    }
}
