using System.Diagnostics;
using System.Diagnostics.Metrics;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Diagnostics;

/// <summary>The instruments of one server; their names are documented in docs/telemetry.md and do not change.</summary>
internal sealed class ServerMetrics : IDisposable
{
    /// <summary>Name of the <see cref="Meter"/> and of the activity source.</summary>
    public const string Name = "Smb3.Embedded";

    // Of the same width on a logarithmic scale: a READ from memory takes some microseconds, one that waits for a lock or a break a minute.
    private static readonly InstrumentAdvice<double> RequestBuckets = new()
    {
        HistogramBucketBoundaries = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private static readonly InstrumentAdvice<double> CommitBuckets = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Meter _meter;
    private readonly Histogram<double> _requestDurations;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _faults;
    private readonly Counter<long> _bytesReceived;
    private readonly Counter<long> _bytesSent;
    private readonly Counter<long> _bytesCompressed;
    private readonly Counter<long> _bytesSaved;
    private readonly Counter<long> _logonFailures;
    private readonly Counter<long> _removalFailures;
    private readonly Counter<long> _closeFailures;
    private readonly UpDownCounter<long> _connections;
    private readonly Histogram<double> _commitDurations;
    private readonly Histogram<int> _commitSizes;
    private readonly Counter<long> _commitFailures;
    private readonly UpDownCounter<long> _keptOpens;
    private readonly Counter<long> _recoveredOpens;
    private readonly Counter<long> _connectionEnds;
    private readonly UpDownCounter<long> _clusteredShares;
    private readonly Counter<long> _shareMoves;
    private readonly Counter<long> _balancedShares;
    private readonly Gauge<long> _opensOfClustered;
    private readonly Gauge<long> _bytesOfClustered;
    private readonly Counter<long> _lostLeases;
    private readonly Histogram<double> _shareOpenings;

    /// <param name="factory">Makes the meter; null: nobody.</param>
    /// <param name="server">Which of several servers it is; it is a tag of the meter, and so of all that is measured.</param>
    public ServerMetrics(IMeterFactory? factory, string server = "")
    {
        var options = new MeterOptions(Name) { Tags = [new("smb.server.name", server)] };
        _meter = factory?.Create(options) ?? new Meter(options);
        _requestDurations = _meter.CreateHistogram(
            "smb.server.request.duration", "s", "From the arrival of a request to its answer, by command, status and share.", tags: null, RequestBuckets);
        _requests = _meter.CreateCounter<long>("smb.server.requests", "{request}", "Requests answered, by command and status.");
        _faults = _meter.CreateCounter<long>("smb.server.faults", "{fault}", "Exceptions of a store, a hook or the server, by command.");
        _bytesReceived = _meter.CreateCounter<long>("smb.server.io.received", "By", "Bytes received in frames.");
        _bytesSent = _meter.CreateCounter<long>("smb.server.io.sent", "By", "Bytes sent in frames.");
        _bytesCompressed = _meter.CreateCounter<long>(
            "smb.server.io.compressed", "By", "Bytes of the messages that went compressed, counted as they are without it, by direction and by what the connection compresses with.");
        _bytesSaved = _meter.CreateCounter<long>(
            "smb.server.io.saved", "By", "Bytes that messages were shorter because they were compressed, by direction and by what the connection compresses with.");
        _logonFailures = _meter.CreateCounter<long>("smb.server.logon.failures", "{logon}", "Logons refused, by status.");
        _removalFailures = _meter.CreateCounter<long>(
            "smb.server.removal.failures", "{file}", "Names and streams that were to go with their last close and stayed, by status.");
        _closeFailures = _meter.CreateCounter<long>(
            "smb.server.close.failures", "{file}", "Closes that could not put what was written in the store, by status.");
        _commitDurations = _meter.CreateHistogram(
            "smb.server.state.commit.duration", "s", "How long a commit of the state store took.", tags: null, CommitBuckets);
        _commitSizes = _meter.CreateHistogram<int>("smb.server.state.commit.size", "{change}", "Changes kept by one commit.");
        _commitFailures = _meter.CreateCounter<long>("smb.server.state.commit.failures", "{commit}", "Commits that failed; they are tried again.");
        _keptOpens = _meter.CreateUpDownCounter<long>("smb.server.state.opens", "{open}", "Opens kept in the state store.");
        _recoveredOpens = _meter.CreateCounter<long>(
            "smb.server.recovered.opens", "{open}", "Opens that an earlier process had left, by what has become of them.");
        _connections = _meter.CreateUpDownCounter<long>("smb.server.connections", "{connection}", "Open connections.");
        _clusteredShares = _meter.CreateUpDownCounter<long>("smb.server.cluster.shares", "{share}", "Clustered shares served by this node, and parts of them.");
        _shareMoves = _meter.CreateCounter<long>("smb.server.cluster.share.ends", "{share}", "Clustered shares and parts that this node had, by how it lost them.");
        _balancedShares = _meter.CreateCounter<long>(
            "smb.server.cluster.share.balances", "{share}", "Clustered shares that this node has asked another one to have, because it carries less.");
        _opensOfClustered = _meter.CreateGauge<long>("smb.server.cluster.load.opens", "{open}", "Opens on the clustered shares served by this node.");
        _bytesOfClustered = _meter.CreateGauge<long>(
            "smb.server.cluster.load.bytes", "By/s", "Bytes a second read from the clustered shares served by this node and written to them.");
        _lostLeases = _meter.CreateCounter<long>("smb.server.cluster.lost.leases", "{lease}", "Memberships of this node that ended against its will.");
        _shareOpenings = _meter.CreateHistogram(
            "smb.server.cluster.share.opening.duration", "s", "From taking a clustered share to serving it.", tags: null, CommitBuckets);
        _connectionEnds = _meter.CreateCounter<long>("smb.server.connections.ended", "{connection}", "Connections ended, by reason.");
    }

    /// <summary>So many more opens are kept in the state store.</summary>
    public void OpensKept(int more) => _keptOpens.Add(more);

    /// <summary>Opens of an earlier process are back, or lost.</summary>
    public void OpensRecovered(int restored, int dropped)
    {
        _recoveredOpens.Add(restored, new KeyValuePair<string, object?>("smb.outcome", "restored"));
        _recoveredOpens.Add(dropped, new KeyValuePair<string, object?>("smb.outcome", "dropped"));
    }

    /// <summary>A commit of the state store has ended.</summary>
    public void StateCommitted(int changes, double seconds, bool succeeded)
    {
        _commitDurations.Record(seconds);
        if (succeeded)
        {
            _commitSizes.Record(changes);
        }
        else
        {
            _commitFailures.Add(1);
        }
    }

    /// <summary>A clustered share, or a part of one, is served here.</summary>
    public void ShareTaken(double seconds, bool isPart)
    {
        _clusteredShares.Add(1, KindOf(isPart));
        _shareOpenings.Record(seconds);
    }

    /// <summary>A clustered share, or a part of one, is not served here any more.</summary>
    public void ShareLeft(bool given, bool isPart)
    {
        _clusteredShares.Add(-1, KindOf(isPart));
        _shareMoves.Add(1, new KeyValuePair<string, object?>("smb.outcome", given ? "given" : "lost"), KindOf(isPart));
    }

    /// <summary>What the clustered shares carry that are served here was measured.</summary>
    public void LoadMeasured(long opens, long bytesPerSecond)
    {
        _opensOfClustered.Record(opens);
        _bytesOfClustered.Record(bytesPerSecond);
    }

    /// <summary>A clustered share is to go to a node that carries less.</summary>
    public void ShareBalanced() => _balancedShares.Add(1);

    /// <summary>The lease in the cluster was lost.</summary>
    public void LeaseLost() => _lostLeases.Add(1);

    /// <summary>Whether somebody wants to know how long requests take: their clock is not read otherwise.</summary>
    public bool MeasuresRequests => _requestDurations.Enabled;

    /// <summary>Has what is there now observed: sessions, opens and leases.</summary>
    public void Observe(Func<long> sessions, Func<long> opens, Func<long> leases)
    {
        _meter.CreateObservableUpDownCounter("smb.server.sessions", sessions, "{session}", "Sessions of clients that have logged on.");
        _meter.CreateObservableUpDownCounter("smb.server.opens", opens, "{open}", "Open files, directories and pipes of sessions.");
        _meter.CreateObservableUpDownCounter("smb.server.leases", leases, "{lease}", "Leases that clients have.");
    }

    /// <param name="command">The command.</param>
    /// <param name="status">What it was answered.</param>
    /// <param name="share">The share that it was about; null: none.</param>
    /// <param name="startedAt">The timestamp of its arrival; 0: it was not taken.</param>
    public void RequestAnswered(string command, NtStatus status, string? share, long startedAt)
    {
        if (_requests.Enabled)
        {
            _requests.Add(1, new("smb.command", command), new("smb.status", NtStatusNames.NameOf(status)), new("smb.share", share));
        }

        if (startedAt != 0 && _requestDurations.Enabled)
        {
            _requestDurations.Record(
                Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
                new("smb.command", command), new("smb.status", NtStatusNames.NameOf(status)), new("smb.share", share));
        }
    }

    public void Fault(string command) => _faults.Add(1, new KeyValuePair<string, object?>("smb.command", command));

    public void Received(int bytes)
    {
        if (_bytesReceived.Enabled)
        {
            _bytesReceived.Add(bytes);
        }
    }

    /// <summary>Counts a message that went compressed.</summary>
    /// <param name="bytes">Its bytes without compression.</param>
    /// <param name="saved">How many of them were saved.</param>
    /// <param name="direction"><c>received</c> or <c>sent</c>.</param>
    /// <param name="algorithm">What the connection compresses with.</param>
    public void Compressed(int bytes, int saved, string direction, string algorithm)
    {
        if (_bytesCompressed.Enabled || _bytesSaved.Enabled)
        {
            var (way, codec) = (new KeyValuePair<string, object?>("smb.direction", direction), new KeyValuePair<string, object?>("smb.compression", algorithm));
            _bytesCompressed.Add(bytes, way, codec);
            _bytesSaved.Add(saved, way, codec);
        }
    }

    public void Sent(int bytes)
    {
        if (_bytesSent.Enabled)
        {
            _bytesSent.Add(bytes);
        }
    }

    public void LogonFailed(NtStatus status) => _logonFailures.Add(1, Of(status));

    public void CloseFailed(NtStatus status) => _closeFailures.Add(1, Of(status));

    public void RemovalFailed(NtStatus status) => _removalFailures.Add(1, Of(status));

    public void ConnectionOpened() => _connections.Add(1);

    public void ConnectionEnded(string reason)
    {
        _connections.Add(-1);
        _connectionEnds.Add(1, new KeyValuePair<string, object?>("smb.reason", reason));
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Of(NtStatus status) => new("smb.status", NtStatusNames.NameOf(status));

    private static KeyValuePair<string, object?> KindOf(bool isPart) => new("smb.share.kind", isPart ? "part" : "whole");
}
