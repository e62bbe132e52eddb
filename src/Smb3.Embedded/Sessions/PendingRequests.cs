namespace Smb3.Embedded.Sessions;

/// <summary>A request that has not completed at once and that CANCEL can end.</summary>
internal interface IPendingRequest
{
    ulong MessageId { get; }

    /// <summary>The session that sent it: no other session can cancel it.</summary>
    ulong SessionId { get; }

    /// <summary>Whether it waits for another party, and not only for the store to finish its work.</summary>
    bool IsWaiting { get; }

    /// <summary>Whether it goes on when its connection ends, because its answer can be asked for over another one.</summary>
    bool OutlivesConnection { get; }

    /// <summary>
    /// Set by the table that found it, before it is cancelled: once found, the object serves no other request afterwards.
    /// </summary>
    bool IsClaimed { get; set; }

    /// <summary>
    /// Set by the table when a client has cancelled it: begun here, and to be ended when the answer has been handed over.
    /// </summary>
    AnnouncementGate? HoldsBack { get; set; }

    void Cancel();
}

/// <summary>
/// The requests of a connection that have not completed at once: Connection.AsyncCommandList and the part of Connection.RequestList that
/// CANCEL can reach (MS-SMB2 3.3.1.7, 3.3.5.16).
/// </summary>
internal sealed class PendingRequests
{
    /// <summary>
    /// How many may be waiting behind an interim response, as in Windows (AsynchronousCredits, 512 of which one is never used). A client
    /// has credits for many more, and each may wait for ever.
    /// </summary>
    public const int MaxAsync = 511;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, IPendingRequest> _byMessageId = [];
    private readonly Dictionary<ulong, IPendingRequest> _byAsyncId = [];
    private AnnouncementGate _answers = new();
    private ulong _lastAsyncId;
    private bool _draining;
    private bool _lost;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byMessageId.Count;
            }
        }
    }

    /// <summary>Adds a request; false when all are being cancelled, and the caller must cancel this one too.</summary>
    public bool Add(IPendingRequest request)
    {
        lock (_gate)
        {
            _byMessageId[request.MessageId] = request;
            if ((_draining && request.IsWaiting) || (_lost && !request.OutlivesConnection))
            {
                request.IsClaimed = true;
                return false;
            }

            return true;
        }
    }

    /// <summary>The id under which a request waits; 0 when too many do (MS-SMB2 3.3.4.2).</summary>
    public ulong TryAssignAsyncId(IPendingRequest request)
    {
        lock (_gate)
        {
            if (_byAsyncId.Count >= MaxAsync)
            {
                return 0;
            }

            _byAsyncId[++_lastAsyncId] = request;
            return _lastAsyncId;
        }
    }

    public void Remove(IPendingRequest request, ulong asyncId)
    {
        lock (_gate)
        {
            if (_byMessageId.TryGetValue(request.MessageId, out var found) && found == request)
            {
                _byMessageId.Remove(request.MessageId);
            }

            if (asyncId != 0)
            {
                _byAsyncId.Remove(asyncId);
            }
        }
    }

    /// <summary>
    /// Completes when what the client has cancelled is answered; <see langword="null"/>: it is. Clients take the answer for the effect of the
    /// CANCEL, which nothing that they send behind it may overtake.
    /// </summary>
    public Task? WhenCancelledAreAnswered() => Volatile.Read(ref _answers).WhenOpen();

    /// <summary>They have had enough time: what was cancelled before holds nothing back any more.</summary>
    public void GiveUpOnCancelled() => Volatile.Write(ref _answers, new AnnouncementGate());

    /// <summary>Cancels the request that <paramref name="sessionId"/> sent under this message id.</summary>
    public void CancelByMessageId(ulong messageId, ulong sessionId) => Cancel(_byMessageId, messageId, sessionId);

    /// <summary>Cancels the request of <paramref name="sessionId"/> that the client was told this id for.</summary>
    public void CancelByAsyncId(ulong asyncId, ulong sessionId) => Cancel(_byAsyncId, asyncId, sessionId);

    /// <summary>The server is stopping: ends every wait for another party. Work that a store has begun may finish.</summary>
    public void CancelAll() => CancelEach(static request => request.IsWaiting, draining: true, lost: false);

    /// <summary>
    /// The connection has ended: ends every request, including any that would begin to wait later, except those that outlive it.
    /// </summary>
    public void CancelLost() => CancelEach(static request => !request.OutlivesConnection, draining: false, lost: true);

    private void Cancel(Dictionary<ulong, IPendingRequest> requests, ulong id, ulong sessionId)
    {
        IPendingRequest? request;
        lock (_gate)
        {
            // Ids are plain numbers that another session on the same connection can guess.
            if (!requests.TryGetValue(id, out request) || request.SessionId != sessionId)
            {
                return;
            }

            // Work that the store has begun may take its time, and a request cannot be cancelled more than once.
            if (request.IsWaiting && !request.IsClaimed)
            {
                request.HoldsBack = _answers;
                _answers.Begin();
            }

            request.IsClaimed = true;
        }

        request.Cancel();
    }

    private void CancelEach(Func<IPendingRequest, bool> isMeant, bool draining, bool lost)
    {
        List<IPendingRequest> meant = [];
        lock (_gate)
        {
            _draining |= draining;
            _lost |= lost;
            foreach (var request in _byMessageId.Values.Where(isMeant))
            {
                request.IsClaimed = true;
                meant.Add(request);
            }
        }

        foreach (var request in meant)
        {
            request.Cancel();
        }
    }
}
