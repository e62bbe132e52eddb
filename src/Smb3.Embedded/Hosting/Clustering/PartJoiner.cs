namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Decides which parts that the balancer has made are joined again: those that nobody has used for long. Such a one first goes to the node that has
/// the rest of the share, which nobody notices; after as long again it is joined there, which is a pause for who uses the share.
/// </summary>
/// <param name="node">The name of this node.</param>
/// <param name="calm">How long everything else has to have been the same.</param>
/// <param name="rest">For how long nobody has to have used a part.</param>
/// <param name="time">The clock.</param>
internal sealed class PartJoiner(string node, TimeSpan calm, TimeSpan rest, TimeProvider time)
{
    private Dictionary<string, long> _quietSince = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Looks at the cluster.</summary>
    /// <param name="picture">The cluster.</param>
    /// <param name="own">What the shares carry that are served here.</param>
    /// <param name="calmFor">For how long everything has been the same.</param>
    /// <returns>What is to be done; <see langword="null"/>: nothing.</returns>
    public BalanceStep? Choose(ClusterPicture picture, IReadOnlyDictionary<string, ShareLoad> own, TimeSpan calmFor)
    {
        var now = time.GetTimestamp();
        var before = _quietSince;
        _quietSince = new(StringComparer.OrdinalIgnoreCase);
        foreach (var part in picture.Parts)
        {
            if (PartName.OriginOf(part.Share) == PartOrigin.Balancer && own.TryGetValue(part.Share, out var load) && load == default)
            {
                _quietSince[part.Share] = before.GetValueOrDefault(part.Share, now);
            }
        }

        if (calmFor < calm || picture.Shares.Any(static share => share.Wanted is not null))
        {
            return null;
        }

        foreach (var (name, since) in _quietSince)
        {
            if (time.GetElapsedTime(since, now) >= rest && picture.ArePartsSettled(rest)
                && picture.FindShare(name) is { PartOf: { } share, Folder: { } folder }
                && picture.FindOwner(share) is { Load.IsDraining: false, Node.Name: var owner })
            {
                return node.Equals(owner, StringComparison.OrdinalIgnoreCase)
                    ? new BalanceStep(BalanceAct.Join, share, owner, folder) : new BalanceStep(BalanceAct.Move, name, owner);
            }
        }

        return null;
    }
}
