using System.Collections.Concurrent;

namespace Smb3.Embedded.Sessions;

/// <summary>A request that waits for something and that CANCEL can end.</summary>
internal interface IPendingRequest
{
    ulong MessageId { get; }

    /// <summary>The session that sent it: nobody else can cancel it.</summary>
    ulong SessionId { get; }

    /// <summary>Whether it goes on when its connection ends, because its answer can be asked for over another one.</summary>
    bool OutlivesConnection { get; }

    void Cancel();
}

/// <summary>
/// The requests of a connection that wait: Connection.AsyncCommandList and the part of Connection.RequestList that CANCEL can reach
/// (MS-SMB2 3.3.1.7, 3.3.5.16).
/// </summary>
internal sealed class PendingRequests
{
    /// <summary>
    /// How many may be waiting behind an interim response, as in Windows (AsynchronousCredits, 512 of which one is never used). A client
    /// has credits for many more, and each may wait for ever.
    /// </summary>
    public const int MaxAsync = 511;

    private readonly ConcurrentDictionary<ulong, IPendingRequest> _byMessageId = new();
    private readonly ConcurrentDictionary<ulong, IPendingRequest> _byAsyncId = new();
    private ulong _lastAsyncId;
    private int _asyncCount;
    private volatile bool _over;

    public int Count => _byMessageId.Count;

    public void Add(IPendingRequest request)
    {
        _byMessageId[request.MessageId] = request;
        if (_over && !request.OutlivesConnection)
        {
            request.Cancel();
        }
    }

    /// <summary>The id under which a request waits; 0 when too many do (MS-SMB2 3.3.4.2).</summary>
    public ulong TryAssignAsyncId(IPendingRequest request)
    {
        if (Interlocked.Increment(ref _asyncCount) > MaxAsync)
        {
            Interlocked.Decrement(ref _asyncCount);
            return 0;
        }

        var asyncId = Interlocked.Increment(ref _lastAsyncId);
        _byAsyncId[asyncId] = request;
        return asyncId;
    }

    public void Remove(IPendingRequest request, ulong asyncId)
    {
        _byMessageId.TryRemove(KeyValuePair.Create(request.MessageId, request));
        if (asyncId != 0)
        {
            _byAsyncId.TryRemove(asyncId, out _);
            Interlocked.Decrement(ref _asyncCount);
        }
    }

    /// <summary>Cancels what <paramref name="sessionId"/> sent under this message id.</summary>
    public void CancelByMessageId(ulong messageId, ulong sessionId) => Cancel(_byMessageId, messageId, sessionId);

    /// <summary>Cancels what <paramref name="sessionId"/> sent and was told this id of.</summary>
    public void CancelByAsyncId(ulong asyncId, ulong sessionId) => Cancel(_byAsyncId, asyncId, sessionId);

    private static void Cancel(ConcurrentDictionary<ulong, IPendingRequest> requests, ulong id, ulong sessionId)
    {
        // Ids of a connection are numbers that a neighbour on it can guess.
        if (requests.TryGetValue(id, out var request) && request.SessionId == sessionId)
        {
            request.Cancel();
        }
    }

    /// <summary>Ends every wait: the server is going away.</summary>
    public void CancelAll()
    {
        _over = true;
        foreach (var request in _byMessageId.Values)
        {
            request.Cancel();
        }
    }

    /// <summary>The connection has ended: ends every wait, and each that would begin later, but those that outlive it.</summary>
    public void CancelLost()
    {
        _over = true;
        foreach (var request in _byMessageId.Values)
        {
            if (!request.OutlivesConnection)
            {
                request.Cancel();
            }
        }
    }
}
