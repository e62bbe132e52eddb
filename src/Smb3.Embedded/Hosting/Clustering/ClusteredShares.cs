using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>Tells requests what this node knows of the clustered shares.</summary>
/// <param name="shares">The shares of the server.</param>
/// <param name="placement">Where they are.</param>
/// <param name="node">The name of this node.</param>
/// <param name="isFollowing">Whether this node hears of changes at this moment.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusteredShares(
    SmbShareCollection shares, SharePlacement placement, string node, Func<bool> isFollowing, TimeProvider time) : IClusteredShares
{
    /// <summary>How long a client that connects waits while a share is on its way from one node to another.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public Smb2Dialect? MaxDialect => (Smb2Dialect?)placement.Picture.Settings.MaxDialect;

    /// <inheritdoc/>
    public bool HasWitness { get; init; }

    /// <inheritdoc/>
    public IEnumerable<Share> All => shares.Clustered.Values;

    /// <inheritdoc/>
    public Share? Find(string name) => shares.Clustered.GetValueOrDefault(name);

    /// <inheritdoc/>
    public async ValueTask<ShareOwner?> WaitForOwnerAsync(string name, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var changed = placement.Changed;
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

    /// <summary>The other node that has a share, and lives.</summary>
    private ShareOwner? OwnerOf(string name) =>
        placement.Picture.FindOwner(name) is { } owner && !owner.Node.Name.Equals(node, StringComparison.OrdinalIgnoreCase)
            ? new ShareOwner(owner.Node.Name, [.. owner.Node.Addresses.Select(static endPoint => endPoint.Address)])
            : null;
}
