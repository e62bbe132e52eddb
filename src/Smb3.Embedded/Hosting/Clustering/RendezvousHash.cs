namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Which of some nodes a share prefers (highest random weight): all nodes come to the same answer without asking each other, and when one of
/// them comes or goes, only the shares that it has or had change their minds.
/// </summary>
internal static class RendezvousHash
{
    /// <returns>The node; <see langword="null"/> when there is none.</returns>
    public static string? Choose(string share, IEnumerable<string> nodes) => nodes.MaxBy(node => (Weigh(share, node), node));

    /// <returns>All of them, the preferred one first, then the one that would be if that were not there, and so on.</returns>
    public static IEnumerable<string> Order(string share, IEnumerable<string> nodes) => nodes.OrderByDescending(node => (Weigh(share, node), node));

    private static ulong Weigh(string share, string node)
    {
        var hash = 14_695_981_039_346_656_037UL; // FNV-1a
        foreach (var text in (ReadOnlySpan<string>)[share, "/", node])
        {
            foreach (var c in text)
            {
                hash = (hash ^ char.ToUpperInvariant(c)) * 1_099_511_628_211UL;
            }
        }

        // The last characters have touched the low bits only.
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 33);
    }
}
