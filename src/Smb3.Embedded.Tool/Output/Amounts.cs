using System.Globalization;

namespace Smb3.Embedded.Tool.Output;

/// <summary>Amounts as people read them.</summary>
internal static class Amounts
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Bytes(double bytes)
    {
        var unit = 0;
        for (; Math.Abs(bytes) >= 1024 && unit < Units.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes.ToString(bytes < 10 && unit > 0 ? "0.0" : "0", CultureInfo.InvariantCulture)} {Units[unit]}");
    }

    /// <summary>How long ago something was.</summary>
    public static string Since(DateTimeOffset then, DateTimeOffset now)
    {
        var passed = now > then ? now - then : TimeSpan.Zero;
        return passed switch
        {
            { TotalDays: >= 1 } => $"{(int)passed.TotalDays} d {passed.Hours} h",
            { TotalHours: >= 1 } => $"{passed.Hours} h {passed.Minutes} min",
            { TotalMinutes: >= 1 } => $"{passed.Minutes} min",
            _ => $"{passed.Seconds} s",
        };
    }
}
