using System.IO.Enumeration;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>The runs that are compared, each with its aim: the most that its cost may be of the reference's.</summary>
internal static class Catalogue
{
    private static readonly (string Name, double? Aim)[] Runs =
    [
        ("read.1m.q8.plain", 1.0), ("write.1m.q8.plain.fresh", 1.0), ("write.1m.q8.plain", 0.9),
        ("read.1m.q8.gcm128", 0.8), ("write.1m.q8.gcm128.fresh", 0.9),
        ("read.1m.q8.gcm256", null), ("write.1m.q8.gcm256.fresh", null),
        ("read.1m.q8.gmac", 0.9), ("write.1m.q8.gmac.fresh", 0.9),
        ("read.1m.q8.cmac", 0.75), ("write.1m.q8.cmac.fresh", 0.75),
        ("read.1m.q8.hmac", null), ("write.1m.q8.hmac.fresh", null),
        ("read.1m.q8.ccm128", 0.6), ("write.1m.q8.ccm128.fresh", 0.6),
        ("read.1m.q8.ccm256", null), ("write.1m.q8.ccm256.fresh", null),
        ("read.64k.q16.plain", null), ("read.64k.q16.random.plain", null), ("write.64k.q16.random.plain", null),
        ("read.1m.q4.plain.ch4", null), ("read.1m.q4.gmac.ch4", null), ("read.1m.q4.plain.n4", null), ("read.1m.q4.gcm128.n4", null),
        ("echo.q16", 0.6), ("queryinfo.q16", 0.6), ("read4k.q16", 0.6), ("write4k.q16", 0.6),
        ("openclose.q16", 0.3), ("stat.q16", 0.3), ("createdelete.q16", 0.3), ("missing.q16", 0.6),
        ("rename.q16", null), ("lock.q16", null), ("listing.x10000", 0.25), ("session", 0.1),
        ("echo.q1", 1.0), ("queryinfo.q1", 1.0), ("read4k.q1", 1.0), ("write4k.q1", 1.0), ("openclose.q1", 1.0), ("stat.q1", 1.0),
        ("createdelete.q1", 1.0), ("missing.q1", 1.0), ("rename.q1", null), ("lock.q1", null),
        ("echo.q4.n4", null), ("read4k.q4.n4", null), ("read4k.q16.gmac", null), ("read4k.q16.gcm128", null), ("stat.q16.gmac", null),
        ("crowd.x1", null), ("crowd.x200", null), ("fair.1m.n2", null),
        ("openclose.q16.x10", null), ("openclose.q16.x10000", null), ("listing.x100000", null),
        ("idle.x200", 0.03), ("open.x5000", 0.25), // 4 MiB, where smbd takes 120 and 16
    ];

    public static IEnumerable<string> Names => Runs.Select(run => run.Name);

    /// <summary>The aim of a run, when there is one.</summary>
    public static double? AimOf(string name) => Runs.FirstOrDefault(run => run.Name == name).Aim;

    /// <summary>What matches the patterns, in the catalogue's order; a pattern that matches nothing is the name of a run itself.</summary>
    /// <exception cref="FormatException">It is no such name.</exception>
    public static List<Workload> Find(IEnumerable<string> patterns)
    {
        var all = patterns.ToList();
        var found = Names.Where(name => all.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name))).ToList();
        found.AddRange(all.Where(pattern => !Names.Any(name => FileSystemName.MatchesSimpleExpression(pattern, name))));
        return [.. found.Select(Make)];
    }

    private static Workload Make(string name)
    {
        var spec = WorkSpec.Parse(name);
        return spec.Kind switch
        {
            "read" or "write" => new TransferWork(spec),
            "listing" => new ListingWork(spec),
            "session" => new SessionWork(spec),
            "idle" or "open" when spec.Count > 0 => new MemoryWork(spec),
            "crowd" when spec.Count > 0 => new CrowdWork(spec),
            "fair" => new CrowdWork(spec),
            _ when PersistentWork.Kinds.Contains(spec.Kind) => new PersistentWork(spec),
            _ when OperationWork.Kinds.Contains(spec.Kind) => new OperationWork(spec),
            _ => throw new FormatException($"'{name}' is not the name of a run; --list shows them, and they are {WorkSpec.Syntax}."),
        };
    }
}
