using System.Globalization;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Versions;

/// <summary>The time of a previous version: whole seconds, written <c>@GMT-YYYY.MM.DD-HH.MM.SS</c> in paths (MS-SMB2 2.2.32.2).</summary>
internal static class VersionTime
{
    private const string Format = "'@GMT-'yyyy'.'MM'.'dd'-'HH'.'mm'.'ss";
    private const int Length = 24;

    /// <summary>The time without fractions of a second.</summary>
    public static FileTime ToSeconds(FileTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond));

    /// <summary>Removes the token from a path, wherever in it the client put it.</summary>
    /// <param name="path">The path as the client sent it.</param>
    /// <param name="time">The time of the token.</param>
    /// <param name="rest">The path without it.</param>
    /// <returns>Whether there was one.</returns>
    public static bool TryTake(string path, out FileTime time, out string rest)
    {
        time = default;
        rest = path;
        var start = path.IndexOf("@GMT-", StringComparison.OrdinalIgnoreCase);
        if (start < 0 || path.Length - start < Length || (start > 0 && !IsSeparator(path[start - 1])))
        {
            return false;
        }

        var end = start + Length;
        if (end < path.Length && !IsSeparator(path[end]))
        {
            return false;
        }

        if (!DateTimeOffset.TryParseExact(
            path.AsSpan(start, Length), Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed))
        {
            return false;
        }

        time = FileTime.From(parsed);
        rest = end < path.Length
            ? string.Concat(path.AsSpan(0, start), path.AsSpan(end + 1))
            : path[..Math.Max(start - 1, 0)];
        return true;
    }

    private static bool IsSeparator(char c) => c is '\\' or '/';
}
