using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Decides which share of this node another one should have, or which folder of one, so that all carry about the same. Every node decides for
/// itself, by what all have published; which of those that decide at the same time has its way is settled by the cluster's store, so that one step
/// is made at a time.
/// </summary>
/// <remarks>
/// It is calm. Nothing is moved before what is known has been the same for a while, and uneven for as long, so that each move shows in the loads
/// before the next; nor while a node drains, or nodes are of different levels. A share that has changed hands stays for a long time. A move
/// leaves the two nodes at half of the difference between them at most, or it is not made: so a share that is a node's whole load stays there,
/// unless it may be split, which is done where no move helps, and rarely.
/// </remarks>
/// <param name="node">The name of this node.</param>
/// <param name="leaseTime">How long a lease is valid: loads are published three times as often.</param>
/// <param name="time">The clock.</param>
/// <param name="folders">What the folders of a share carry that is served here; <see langword="null"/>: no share is split.</param>
internal sealed class ShareBalancer(
    string node, TimeSpan leaseTime, TimeProvider time, Func<string, IReadOnlyDictionary<string, ShareLoad>>? folders = null)
{
    /// <summary>What is read and written while one open is held counts for the same: 10,000 opens are like 1 GB/s.</summary>
    private const double BytesPerOpen = 100_000;

    /// <summary>Loads that are closer to each other than this, in opens, are not worth a pause for anybody.</summary>
    private const double SmallestGap = 100;

    /// <summary>How much of the mean two nodes may be apart.</summary>
    private const double Tolerance = 0.5;

    /// <summary>How much of the difference between two nodes may be moved: more than half of it only turns it round.</summary>
    private const double MostOfGap = 0.75;

    /// <summary>How much of the difference a folder has to carry to be worth a split.</summary>
    private const double LeastOfGap = 0.25;

    /// <summary>How many parts a share is given, for each node.</summary>
    private const int PartsPerNode = 2;

    /// <summary>How many of the nodes that carry most take turns: who has nothing to give holds up the others for a while only.</summary>
    private const int MostRanks = 6;

    /// <summary>How many folders are remembered at which a share could not be split.</summary>
    private const int MostSpared = 256;

    private readonly HashSet<(string Share, string Folder)> _spared = [];
    private (long Version, long Nodes) _known = (-1, 0);
    private long _calmSince;
    private long _unevenSince;
    private long? _sparedAt;

    /// <summary>How long everything has to be the same before a share is moved.</summary>
    public TimeSpan Calm { get; } = Greater(2 * LoadMeter.Window, 2 * leaseTime);

    /// <summary>How long a share stays where it is after it has changed hands, and none is split after a part has come, gone or moved.</summary>
    public TimeSpan Rest => 15 * Calm;

    /// <summary>How much longer than the node that carries most each one after it waits.</summary>
    public TimeSpan Turn => Calm / 4;

    /// <summary>For how long everything had been the same when it last looked.</summary>
    public TimeSpan CalmFor { get; private set; }

    /// <summary>What a node or a share carries, in opens.</summary>
    public static double ScoreOf(long opens, long bytesPerSecond) => opens + (bytesPerSecond / BytesPerOpen);

    /// <summary>What a share or a folder carries, in opens.</summary>
    public static double ScoreOf(ShareLoad load) => ScoreOf(load.Opens, load.BytesPerSecond);

    /// <summary>Looks at the cluster, as often as it is read.</summary>
    /// <param name="picture">The cluster.</param>
    /// <param name="own">What the shares carry that are served here.</param>
    /// <returns>What is to be done; <see langword="null"/>: all stay.</returns>
    public BalanceStep? Choose(ClusterPicture picture, IEnumerable<KeyValuePair<string, ShareLoad>> own)
    {
        var now = time.GetTimestamp();
        var nodes = picture.Nodes.Where(one => picture.RemainingOf(one) > TimeSpan.Zero).ToList();
        Watch(picture, nodes, now);
        if (FindUneven(picture, nodes) is not { } uneven)
        {
            _unevenSince = 0;
            return null;
        }

        _unevenSince = _unevenSince == 0 ? now : _unevenSince;
        var wait = Calm + (uneven.Rank * Turn);
        if (CalmFor < wait || time.GetElapsedTime(_unevenSince, now) < wait)
        {
            return null;
        }

        return BestMove(picture, own, uneven) ?? (folders is null ? null : BestSplit(picture, own, uneven, nodes.Count));
    }

    /// <summary>A share could not be split at a folder: another one is chosen from now on, and not soon.</summary>
    public void Spare(string share, string folder)
    {
        _sparedAt = time.GetTimestamp();
        if (_spared.Count == MostSpared)
        {
            _spared.Clear();
        }

        _spared.Add((share, folder));
    }

    private static TimeSpan Greater(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static double ScoreOf(ClusterNodeState state) => ScoreOf(state.Load.Opens, state.Load.BytesPerSecond);

    /// <summary>Any change of a share, a setting or the nodes begins the wait anew.</summary>
    private void Watch(ClusterPicture picture, List<ClusterNodeState> nodes, long now)
    {
        var known = (picture.Version, nodes.Aggregate(0L, static (sum, one) => sum + one.Incarnation));
        if (known != _known)
        {
            _known = known;
            _calmSince = now;
        }

        CalmFor = time.GetElapsedTime(_calmSince, now);
    }

    /// <summary>Whether this node carries more than its part, who carries least, and by how much.</summary>
    private Uneven? FindUneven(ClusterPicture picture, List<ClusterNodeState> nodes)
    {
        // Who drains, or is shut out, and still has something is about to lose it; who has nothing any more does not count.
        var leaving = nodes.Where(static one => one.Load.IsDraining || one.IsFenced).Select(static one => one.Incarnation).ToHashSet();
        nodes.RemoveAll(one => leaving.Contains(one.Incarnation));
        if (nodes.Count < 2 || nodes.DistinctBy(static one => one.Node.MaxLevel).Count() > 1
            || picture.Shares.Any(share => share.Wanted is not null || leaving.Contains(share.Incarnation)))
        {
            return null;
        }

        var order = nodes.OrderByDescending(ScoreOf).ThenBy(static one => one.Node.Name, StringComparer.OrdinalIgnoreCase).ToList();
        var rank = order.FindIndex(one => IsUs(one.Node.Name));
        var mean = order.Average(ScoreOf);
        var target = order[^1];
        var gap = rank < 0 ? 0 : ScoreOf(order[rank]) - ScoreOf(target);
        return rank >= 0 && ScoreOf(order[rank]) > mean && gap > Math.Max(SmallestGap, Tolerance * mean)
            ? new Uneven(target.Node.Name, gap, mean, Math.Min(rank, MostRanks)) : null;
    }

    /// <summary>The share that comes closest to half of the difference.</summary>
    private BalanceStep? BestMove(ClusterPicture picture, IEnumerable<KeyValuePair<string, ShareLoad>> own, Uneven uneven) => own
        .Select(static one => (one.Key, Score: ScoreOf(one.Value)))
        .Where(one => one.Score >= 1 && one.Score <= MostOfGap * uneven.Gap && MayMove(picture, one.Key))
        .OrderBy(one => Math.Abs((uneven.Gap / 2) - one.Score)).ThenBy(static one => one.Key, StringComparer.OrdinalIgnoreCase)
        .Select(one => (BalanceStep?)new BalanceStep(BalanceAct.Move, one.Key, uneven.Target)).FirstOrDefault();

    /// <summary>
    /// The folder that comes closest to half of the difference, of the share that carries most, if that alone is more than a node's part of all:
    /// of several, the one that is highest.
    /// </summary>
    private BalanceStep? BestSplit(ClusterPicture picture, IEnumerable<KeyValuePair<string, ShareLoad>> own, Uneven uneven, int nodes)
    {
        var most = own.OrderByDescending(static one => ScoreOf(one.Value)).ThenBy(static one => one.Key, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(one => picture.FindShare(one.Key) is { PartOf: null } state && IsUs(state.Owner));
        if (most.Key is not { } share || ScoreOf(most.Value) <= uneven.Mean || !picture.ArePartsSettled(Rest)
            || (_sparedAt is { } failed && time.GetElapsedTime(failed) < Rest)
            || picture.PartsOf(share) is var parts && parts.Count >= PartsPerNode * nodes)
        {
            return null;
        }

        return folders!(share)
            .Select(static one => (one.Key, Score: ScoreOf(one.Value)))
            .Where(one => one.Score >= LeastOfGap * uneven.Gap && one.Score <= MostOfGap * uneven.Gap && !_spared.Contains((share, one.Key)))
            .OrderBy(one => Math.Abs((uneven.Gap / 2) - one.Score)).ThenBy(static one => one.Key.Length)
            .ThenBy(static one => one.Key, StringComparer.OrdinalIgnoreCase)
            .Select(one => (BalanceStep?)new BalanceStep(BalanceAct.Split, share, uneven.Target, one.Key)).FirstOrDefault();
    }

    private bool MayMove(ClusterPicture picture, string share) => picture.FindShare(share) is { } state && IsUs(state.Owner)
        && !(picture.FindFormerOwner(share) is { } former && former.For < Rest);

    private bool IsUs(string? name) => node.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>This node carries more than its part.</summary>
    /// <param name="Target">Who carries least.</param>
    /// <param name="Gap">By how much.</param>
    /// <param name="Mean">What a node carries in the mean.</param>
    /// <param name="Rank">How many carry more than this node.</param>
    private readonly record struct Uneven(string Target, double Gap, double Mean, int Rank);
}
