using System.Globalization;
using Smb3.Embedded.LoadTest.Driving;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>
/// What a run does, as its name says it: a kind, then in any order a size (<c>64k</c>), a depth (<c>q16</c>), <c>random</c>,
/// <c>fresh</c> (write to a truncated file), <c>unread</c> (large responses are counted and not looked at), a protection
/// (<c>gcm128</c>), channels (<c>ch4</c>), clients (<c>n8</c>), a count (<c>x5000</c>).
/// </summary>
internal sealed record WorkSpec(string Name, string Kind)
{
    public const string Syntax = "KIND[.4k|1m|…][.qDEPTH][.random][.fresh][.unread][.PROTECTION][.chCHANNELS][.nCLIENTS][.xCOUNT]";

    public int Size { get; private init; } = 1 << 20;

    public int Depth { get; private init; } = 8;

    public bool Random { get; private init; }

    public bool Fresh { get; private init; }

    public bool Unread { get; private init; }

    public Guard Guard { get; private init; } = Guard.Plain;

    public int Channels { get; private init; } = 1;

    public int Clients { get; private init; } = 1;

    public int Count { get; private init; }

    /// <exception cref="FormatException">Not <see cref="Syntax"/>.</exception>
    public static WorkSpec Parse(string name)
    {
        var parts = name.Split('.');
        var spec = new WorkSpec(name, parts[0]);
        foreach (var part in parts.Skip(1))
        {
            spec = part switch
            {
                "random" => spec with { Random = true },
                "fresh" => spec with { Fresh = true },
                "unread" => spec with { Unread = true },
                _ when Guard.All.FirstOrDefault(guard => guard.Name == part) is { } guard => spec with { Guard = guard },
                _ when Number(part, "ch") is { } channels => spec with { Channels = channels },
                _ when Number(part, "q") is { } depth => spec with { Depth = depth },
                _ when Number(part, "n") is { } clients => spec with { Clients = clients },
                _ when Number(part, "x") is { } count => spec with { Count = count },
                _ when Number(part, "", "k") is { } kilobytes => spec with { Size = kilobytes << 10 },
                _ when Number(part, "", "m") is { } megabytes => spec with { Size = megabytes << 20 },
                _ => throw new FormatException($"'{part}' in '{name}' says nothing; a name is {Syntax}."),
            };
        }

        return spec;
    }

    private static int? Number(string part, string before, string behind = "") =>
        part.Length > before.Length + behind.Length
        && part.StartsWith(before, StringComparison.Ordinal)
        && part.EndsWith(behind, StringComparison.Ordinal)
        && int.TryParse(part[before.Length..^behind.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number > 0
            ? number
            : null;
}
