using System.Net;
using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// The cluster as a node last saw it. Each reading makes a new one; leases run on, by this machine's clock, from the moment at which the
/// reading began, so that none is taken for longer than it is.
/// </summary>
internal sealed class ClusterPicture
{
    private readonly TimeProvider _time;
    private readonly long _readAt;
    private readonly Dictionary<string, ClusterNodeState> _nodes;
    private readonly Dictionary<string, SeenShare> _shares;
    private readonly Dictionary<string, IReadOnlyList<ClusterShareState>> _parts;

    public ClusterPicture(TimeProvider time)
        : this(time, time.GetTimestamp(), new ClusterView(0, new ClusterSettings(), [], []), null)
    {
    }

    private ClusterPicture(
        TimeProvider time, long readAt, ClusterView view, ClusterPicture? earlier)
    {
        _time = time;
        _readAt = readAt;
        Version = view.Version;
        Settings = view.Settings;

        // Who was replaced is told too, while its lease lasts: of its shares that is known with them.
        _nodes = view.Nodes.Where(static node => !node.IsReplaced).ToDictionary(static node => node.Node.Name, StringComparer.OrdinalIgnoreCase);
        _shares = earlier?._shares ?? [];
        _parts = earlier?._parts ?? [];
        if (view.Shares.Count == 0)
        {
            return; // most readings find the leases alone changed
        }

        var shares = new Dictionary<string, SeenShare>(_shares, StringComparer.OrdinalIgnoreCase);
        foreach (var share in view.Shares)
        {
            shares[share.Share] = new SeenShare(share, readAt, shares.GetValueOrDefault(share.Share));
        }

        _shares = shares;
        _parts = shares.Values.Select(static share => share.State).Where(static share => share is { PartOf: not null, Folder: not null })
            .GroupBy(static part => part.PartOf!, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static parts => parts.Key, static parts => (IReadOnlyList<ClusterShareState>)[.. parts], StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>What later changes are asked for with.</summary>
    public long Version { get; }

    public ClusterSettings Settings { get; }

    public IEnumerable<ClusterNodeState> Nodes => _nodes.Values;

    public IEnumerable<ClusterShareState> Shares => _shares.Values.Select(static share => share.State);

    /// <summary>The parts of all shares that are split.</summary>
    public IEnumerable<ClusterShareState> Parts => _parts.Values.SelectMany(static parts => parts);

    /// <summary>The nodes that live and take shares.</summary>
    public IEnumerable<string> Takers =>
        _nodes.Values.Where(node => RemainingOf(node) > TimeSpan.Zero && node is { Load.IsDraining: false, IsFenced: false }).Select(static node => node.Node.Name);

    /// <summary>The picture after a reading that began at <paramref name="readAt"/>.</summary>
    public ClusterPicture With(ClusterView view, long readAt) => new(_time, readAt, view, this);

    public ClusterShareState? FindShare(string name) => _shares.GetValueOrDefault(name)?.State;

    /// <summary>The parts of a share.</summary>
    public IReadOnlyList<ClusterShareState> PartsOf(string share) => _parts.GetValueOrDefault(share) ?? [];

    /// <summary>Whether no part has come, gone or changed for so long, as far as was seen.</summary>
    public bool ArePartsSettled(TimeSpan since) =>
        _shares.Values.All(share => share.State.PartOf is null || _time.GetElapsedTime(share.ReadAt) >= since);

    public ClusterNodeState? FindNode(string name) => _nodes.GetValueOrDefault(name);

    /// <summary>The node that has a share, and lives.</summary>
    public ClusterNodeState? FindOwner(string share) =>
        FindShare(share) is { Owner: { } owner } found && RemainingOf(found) > TimeSpan.Zero ? FindNode(owner) : null;

    /// <summary>The node that had a share before, as far as was seen, and for how long it has not had it.</summary>
    public (string Node, TimeSpan For)? FindFormerOwner(string share) => _shares.GetValueOrDefault(share) is { Former: { } former } seen
        ? (former, _time.GetElapsedTime(seen.FormerUntil)) : null;

    /// <summary>What is left of the lease of a node's last incarnation.</summary>
    public TimeSpan RemainingOf(ClusterNodeState node) => LeftOf(node.Remaining, _readAt);

    /// <summary>What is left of the lease of the node that was heard of last.</summary>
    public TimeSpan LongestLease => _nodes.Values.Select(RemainingOf).DefaultIfEmpty().Max();

    /// <summary>What is left of the lease of a share's owner; zero: it has none.</summary>
    public TimeSpan RemainingOf(ClusterShareState share) => share.Owner is not { } owner ? TimeSpan.Zero

        // The owner may have renewed its lease since the share last changed; an incarnation before its last one cannot.
        : FindNode(owner) is { } node && node.Incarnation == share.Incarnation
            ? RemainingOf(node) : LeftOf(share.Remaining, _shares[share.Share].ReadAt);

    /// <summary>Whether a server is one of the nodes: by its name as a node, or an address.</summary>
    public bool IsNode(string host) => _nodes.ContainsKey(host) || (IPAddress.TryParse(host, out var address)
        && _nodes.Values.Any(node => node.Node.Addresses.Any(endPoint => endPoint.Address.Equals(address))));

    /// <summary>Whether a node lives, and is not shut out.</summary>
    public bool IsAlive(string? node) => node is not null && FindNode(node) is { IsFenced: false } found && RemainingOf(found) > TimeSpan.Zero;

    private TimeSpan LeftOf(TimeSpan remaining, long readAt) => remaining - _time.GetElapsedTime(readAt) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
