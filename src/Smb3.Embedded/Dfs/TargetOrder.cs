using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Smb3.Embedded.Dfs;

/// <summary>
/// The order in which a referral names targets: by class, then by rank, and among equal ones by chance, so that clients spread over them.
/// Sites play no part: all targets are as near as each other.
/// </summary>
internal static class TargetOrder
{
    public static List<(DfsTarget Target, bool StartsSet)> Arrange(IReadOnlyList<DfsTarget> targets, RandomNumberGenerator random)
    {
        var dice = new byte[targets.Count * sizeof(ulong)];
        random.GetBytes(dice);
        var ordered = new List<(DfsTarget Target, bool StartsSet)>(targets.Count);
        DfsTarget? last = null;
        foreach (var target in targets
            .Select((target, i) => (Target: target, Throw: BinaryPrimitives.ReadUInt64LittleEndian(dice.AsSpan(i * sizeof(ulong)))))
            .OrderBy(static pair => pair.Target.PriorityClass)
            .ThenBy(static pair => pair.Target.PriorityRank)
            .ThenBy(static pair => pair.Throw)
            .Select(static pair => pair.Target))
        {
            // MS-DFSC 2.2.5.4: the first entry always begins a set.
            ordered.Add((target, last is null || last.PriorityClass != target.PriorityClass || last.PriorityRank != target.PriorityRank));
            last = target;
        }

        return ordered;
    }
}
