using System.Globalization;

namespace Smb3.Embedded.Storage.Physical.Snapshots;

/// <summary>The time in the name of a snapshot's folder.</summary>
internal static class SnapshotName
{
    /// <summary>Reads the time from a name.</summary>
    /// <param name="name">The folder's name.</param>
    /// <param name="format">
    /// A custom .NET date format for the whole name; null: the first date in the name counts, whatever surrounds it or stands between its
    /// parts: year, month, day, and hour, minute, second as far as they follow.
    /// </param>
    /// <param name="isLocal">Whether it is the machine's local time rather than UTC.</param>
    /// <param name="time">The time.</param>
    public static bool TryRead(string name, string? format, bool isLocal, out DateTimeOffset time)
    {
        var style = isLocal ? DateTimeStyles.AssumeLocal : DateTimeStyles.AssumeUniversal;
        return format is not null
            ? DateTimeOffset.TryParseExact(name, format, CultureInfo.InvariantCulture, style | DateTimeStyles.AdjustToUniversal, out time)
            : TryFind(name, isLocal, out time);
    }

    private static bool TryFind(ReadOnlySpan<char> name, bool isLocal, out DateTimeOffset time)
    {
        for (var start = 0; start + 8 <= name.Length; start++)
        {
            // A date cannot begin in the middle of a number.
            if (start > 0 && char.IsAsciiDigit(name[start - 1]))
            {
                continue;
            }

            var at = start;
            if (TryTake(name, ref at, 4, separated: false, out var year) && year is >= 1970 and < 10000
                && TryTake(name, ref at, 2, separated: true, out var month) && month is >= 1 and <= 12
                && TryTake(name, ref at, 2, separated: true, out var day) && day >= 1 && day <= DateTime.DaysInMonth(year, month))
            {
                var hour = 0;
                var minute = 0;
                var second = 0;
                var timeOfDay = at;
                if (TryTake(name, ref timeOfDay, 2, separated: true, out var h) && h < 24
                    && TryTake(name, ref timeOfDay, 2, separated: true, out var m) && m < 60)
                {
                    (hour, minute) = (h, m);
                    if (TryTake(name, ref timeOfDay, 2, separated: true, out var s) && s < 60)
                    {
                        second = s;
                    }
                }

                var read = new DateTime(year, month, day, hour, minute, second, isLocal ? DateTimeKind.Local : DateTimeKind.Utc);
                time = new DateTimeOffset(read).ToUniversalTime();
                return true;
            }
        }

        time = default;
        return false;
    }

    /// <summary>Reads a number with this many digits, which may follow one character that is not a digit.</summary>
    private static bool TryTake(ReadOnlySpan<char> name, ref int at, int digits, bool separated, out int value)
    {
        value = 0;
        var start = at;
        if (separated && start < name.Length && !char.IsAsciiDigit(name[start]))
        {
            start++;
        }

        if (start + digits > name.Length)
        {
            return false;
        }

        foreach (var c in name.Slice(start, digits))
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            value = (value * 10) + (c - '0');
        }

        at = start + digits;
        return true;
    }
}
