using System.Globalization;
using System.Net;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>A server under measurement: where it is, who logs on, and the process (with its children) whose CPU time counts.</summary>
internal sealed record Target(string Name, IPEndPoint EndPoint, string Share, string User, string Password, int ProcessId)
{
    public const string Syntax = "NAME=IP:PORT,SHARE,USER,PASSWORD,PID";

    /// <exception cref="FormatException">Not <see cref="Syntax"/>.</exception>
    public static Target Parse(string text)
    {
        var name = text.Split('=', 2);
        var parts = name.Length == 2 ? name[1].Split(',') : [];
        return parts.Length == 5
            && IPEndPoint.TryParse(parts[0], out var endPoint)
            && int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
            ? new(name[0], endPoint, parts[1], parts[2], parts[3], processId)
            : throw new FormatException($"'{text}' is not {Syntax}.");
    }
}
