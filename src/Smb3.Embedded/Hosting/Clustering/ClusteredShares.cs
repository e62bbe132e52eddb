using Smb3.Embedded.Dfs;
using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>Tells requests what this node knows of the clustered shares.</summary>
/// <param name="shares">The shares of the server.</param>
/// <param name="placement">What this node does with them.</param>
/// <param name="outlook">Where they are.</param>
/// <param name="isFollowing">Whether this node hears of changes at this moment.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusteredShares(
    OwnedShares shares, SharePlacement placement, ClusterOutlook outlook, Func<bool> isFollowing, TimeProvider time) : IClusteredShares
{
    /// <summary>How long a client that connects waits while a share is on its way from one node to another.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Room for the targets that a single one is replaced by.</summary>
    private const int RankBits = 12;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public Smb2Dialect? MaxDialect => (Smb2Dialect?)outlook.Picture.Settings.MaxDialect;

    /// <inheritdoc/>
    public bool HasWitness { get; init; }

    /// <inheritdoc/>
    public required StrandedClients Stranded { get; init; }

    /// <inheritdoc/>
    public IEnumerable<Share> All => shares.Known.Values;

    /// <inheritdoc/>
    public Share? Find(string name) => shares.Known.GetValueOrDefault(name);

    /// <inheritdoc/>
    public async ValueTask<ShareOwner?> WaitForOwnerAsync(string name, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var changed = outlook.Changed;
            var phase = placement.Find(name)?.Phase ?? HoldingPhase.Away;
            if (phase == HoldingPhase.Serving && shares.IsServed(name))
            {
                return null;
            }

            if (OwnerOf(name) is { } owner)
            {
                return owner;
            }

            // Who is no member, or stops, hears of no owner: its clients had better ask another node.
            if (!isFollowing() || time.GetElapsedTime(began) >= Patience)
            {
                return null;
            }

            // A lease that runs out changes something too, without anybody's saying so.
            await changed.WaitAsync(Look, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public DfsReferral Follow(DfsReferral referral)
    {
        if (referral.IsRoot || referral.IsInterlink || !referral.Targets.Any(target => FindTarget(target) is not null))
        {
            return referral;
        }

        // Each node may be among the targets, so that the link leads somewhere without this server too.
        var targets = new List<DfsTarget>();
        var followed = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var target in referral.Targets)
        {
            if (FindTarget(target) is not { } found)
            {
                targets.Add(target with { PriorityRank = target.PriorityRank << RankBits });
            }
            else if (followed.Add(found.Name + found.Path.Text[found.Path.Root.Length..]))
            {
                // The path may lead into a part of the share.
                var there = found.Dfs.Refer(found.Path);
                var below = found.Path.Text[found.Path.Prefix(there.Length).Length..];
                targets.AddRange(there.Targets.Select((owner, i) => new DfsTarget(owner.Path + below)
                {
                    PriorityClass = target.PriorityClass,
                    PriorityRank = (target.PriorityRank << RankBits) + i,
                }));
            }
        }

        return referral with
        {
            Targets = targets,
            TimeToLive = referral.TimeToLive < OwnerTargets.ShortTime ? referral.TimeToLive : OwnerTargets.ShortTime,
        };
    }

    /// <summary>The clustered share that a target is, by the name or an address of a node.</summary>
    private (string Name, IDfsRoot Dfs, DfsPath Path)? FindTarget(DfsTarget target) =>
        DfsPath.TryParse(target.Path, out var path) && Find(path.Share) is { Dfs: { } elsewhere } share
        && outlook.Picture.IsNode(path.Root[1..^(path.Share.Length + 1)])
            ? (share.Name, elsewhere, path) : null;

    /// <summary>The other node that has a share, and lives.</summary>
    private ShareOwner? OwnerOf(string name) =>
        outlook.Picture.FindOwner(name) is { } owner && !outlook.IsUs(owner.Node.Name)
            ? new ShareOwner(owner.Node.Name, [.. owner.Node.Addresses.Select(static endPoint => endPoint.Address)])
            : null;
}
