namespace Smb3.Embedded.Sessions;

/// <summary>
/// The clients that used a clustered share here when it went elsewhere, or were told here that it is elsewhere, by their ClientGuids. They
/// may come back, as some stay with a server for as long as it accepts their connections. Bounded: the oldest are forgotten. Safe for
/// concurrent use.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class StrandedClients(TimeProvider time)
{
    /// <summary>The most that are remembered.</summary>
    public const int Most = 4096;

    /// <summary>How long they are remembered. Those who come back are entered again.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    /// <summary>How long one that comes back is held, so that it does not come back again without a pause.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Waits until this node refuses connections for a moment, so that who loses its own goes elsewhere; the result is false when it does not.
    /// </summary>
    public Func<CancellationToken, ValueTask<bool>>? Refusal { get; set; }

    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Client, string Share), long> _seen = [];
    private readonly Queue<((Guid Client, string Share) Key, long At)> _order = new();

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _seen.Count;
            }
        }
    }

    /// <summary>Remembers one.</summary>
    public void Add(Guid client, string share)
    {
        var key = (client, share.ToUpperInvariant());
        var now = time.GetTimestamp();
        lock (_gate)
        {
            _seen[key] = now;
            _order.Enqueue((key, now));
            while (_order.TryPeek(out var oldest) && (_order.Count > Most || time.GetElapsedTime(oldest.At, now) >= Memory))
            {
                _order.Dequeue();
                if (_seen.TryGetValue(oldest.Key, out var at) && at == oldest.At)
                {
                    _seen.Remove(oldest.Key);
                }
            }
        }
    }

    /// <summary>Remembers all who use a share.</summary>
    public void AddAll(Share share)
    {
        foreach (var connection in share.Trees.SelectMany(static tree => tree.Session.Channels).Select(static channel => channel.Connection).Distinct())
        {
            if (connection.Negotiated is { } negotiated)
            {
                Add(negotiated.ClientGuid, share.Name);
            }
        }
    }

    /// <summary>Lets one wait that has come back, until it may lose its connection, and remembers it anew.</summary>
    /// <param name="client">The client.</param>
    /// <param name="share">The share that is elsewhere.</param>
    /// <param name="follows">Whether it would go elsewhere if it was refused.</param>
    /// <param name="ended">Its connection has ended.</param>
    public async ValueTask HoldAsync(Guid client, string share, bool follows, CancellationToken ended)
    {
        if (!follows || Refusal is not { } refusal || !await refusal(ended).ConfigureAwait(false))
        {
            await Task.Delay(Pause, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Add(client, share);
    }

    /// <summary>Whether one is remembered.</summary>
    public bool Contains(Guid client, string share)
    {
        lock (_gate)
        {
            return _seen.TryGetValue((client, share.ToUpperInvariant()), out var at) && time.GetElapsedTime(at) < Memory;
        }
    }
}
