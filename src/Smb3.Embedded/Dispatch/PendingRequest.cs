using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// What CANCEL finds of a request, and the token that ends it. Reused for the next request of its <see cref="Request"/>, unless it was
/// cancelled.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "The source has no timer and no linked tokens: nothing to release.")]
internal sealed class PendingRequest(Request request) : IPendingRequest
{
    private readonly CancellationTokenSource _cancelled = new();

    public ulong MessageId { get; private set; }

    public ulong SessionId { get; private set; }

    /// <inheritdoc/>
    public bool IsWaiting { get; set; }

    /// <summary>
    /// A request that waits for another party goes on when the client can ask for its answer over another channel; one that the store is
    /// working on, when the client can ask for it at all.
    /// </summary>
    public bool OutlivesConnection =>
        request.CanBeReplayed && (!IsWaiting || request.Session?.HasChannelBeside(request.Connection) == true);

    /// <inheritdoc/>
    public bool IsClaimed { get; set; }

    /// <inheritdoc/>
    public AnnouncementGate? HoldsBack { get; set; }

    /// <summary>Whether it is in the table of its connection.</summary>
    public bool IsEntered { get; private set; }

    /// <summary>The id under which the client was told STATUS_PENDING; 0 when it was not.</summary>
    public ulong AsyncId { get; set; }

    public CancellationToken Token => _cancelled.Token;

    /// <summary>Whether the current request has asked for the token.</summary>
    public bool IsLent { get; set; }

    public void Cancel() => _cancelled.Cancel();

    /// <summary>
    /// Enters it into the table of its connection, or marks it there as waiting; false when everything there is being cancelled, and this
    /// must be too.
    /// </summary>
    public bool TryEnter(bool waits)
    {
        if (IsEntered && (IsWaiting || !waits))
        {
            return true;
        }

        MessageId = request.MessageId;
        SessionId = request.SessionId;
        IsWaiting |= waits;
        IsEntered = true;
        return request.Connection.Pending.Add(this);
    }

    /// <summary>The request has ended; false when the object cannot serve another.</summary>
    public bool TryLeave()
    {
        if (IsEntered)
        {
            request.Connection.Pending.Remove(this, AsyncId);
        }

        // Nothing can find it any more, so whether it was claimed is settled.
        if (IsClaimed || (IsLent && !_cancelled.TryReset()))
        {
            return false;
        }

        IsEntered = false;
        IsWaiting = false;
        IsLent = false;
        AsyncId = 0;
        return true;
    }
}
