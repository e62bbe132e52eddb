namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// Caching that was granted: a lease with all its opens (MS-SMB2 3.3.1.12), or an oplock with its one open. Belongs to the
/// <see cref="FileCaching"/> of its file, and is guarded by that file's lock.
/// </summary>
internal sealed class CacheGrant
{
    private TaskCompletionSource? _sent;
    private int _sending;

    /// <summary>A lease; or an oplock, if the last two arguments are null.</summary>
    public CacheGrant(ICachedFile file, LeaseTable? table, LeaseIdentity? lease)
    {
        File = file;
        Table = table;
        Lease = lease;
        Place = new LinkedListNode<CacheGrant>(this);
    }

    /// <summary>The file.</summary>
    public ICachedFile File { get; }

    /// <summary>The table that lists it; <see langword="null"/> for an oplock.</summary>
    public LeaseTable? Table { get; }

    /// <summary>Its identity; <see langword="null"/> for an oplock.</summary>
    public LeaseIdentity? Lease { get; }

    /// <summary>Whether it is a lease.</summary>
    public bool IsLease => Lease is not null;

    /// <summary>What the client may cache now; while it is breaking, what it may cache until it answers.</summary>
    public CacheState State { get; set; }

    /// <summary>Counts the changes of <see cref="State"/>.</summary>
    public ushort Epoch { get; set; }

    /// <summary>Whether the client has been asked to give something up and has not answered.</summary>
    public bool IsBreaking { get; set; }

    /// <summary>What the client was told it may keep.</summary>
    public CacheState BreakingTo { get; set; }

    /// <summary>What it may keep in the end: less than that, if more was asked for during the break.</summary>
    public CacheState BreakingFor { get; set; }

    /// <summary>How many breaks there have been so far that the client had to answer.</summary>
    public int Breaks { get; set; }

    /// <summary>The number of the latest notice.</summary>
    public int Notices { get; set; }

    /// <summary>The delivery progress of the latest notice sent; <see langword="null"/> if there is none yet.</summary>
    public IBreakProgress? Progress { get; set; }

    /// <summary>The deadline for the client's answer; <see langword="null"/> while there is none.</summary>
    public BreakDeadline? Deadline { get; set; }

    /// <summary>Its place among the grants of the file while it caches something.</summary>
    public LinkedListNode<CacheGrant> Place { get; }

    /// <summary>Its opens, the oldest first. Each knows its place, so that removing one is quick however many there are.</summary>
    public LinkedList<ICachingOpen> Opens { get; } = [];

    /// <summary>Its opens that keep others from caching writes.</summary>
    public int Blockers { get; set; }

    /// <summary>
    /// Whether the name by which all its opens came has been deleted under them, with POSIX semantics. The client may go on using the key
    /// for whatever gets that name next.
    /// </summary>
    public bool IsNameless { get; set; }

    /// <summary>Whether any of its opens is kept in a journal.</summary>
    public bool IsKept { get; set; }

    /// <summary>The grant has changed, and with it its opens. Called with the file's lock held.</summary>
    public void Changed()
    {
        if (!IsKept)
        {
            return;
        }

        foreach (var open in Opens)
        {
            open.CachingChanged();
        }
    }

    /// <summary>State, epoch and whether it is breaking, as of now.</summary>
    public (CacheState State, ushort Epoch, bool IsBreaking) Show()
    {
        lock (File.Sync)
        {
            return (State, Epoch, IsBreaking);
        }
    }

    /// <summary>What a journal keeps of it, as of now.</summary>
    public KeptCaching Capture()
    {
        lock (File.Sync)
        {
            return new(State, Epoch, IsBreaking ? BreakingTo : null, IsBreaking ? BreakingFor : CacheState.None);
        }
    }

    /// <summary>Whether the client has not answered <paramref name="notice"/> yet, and may still do so.</summary>
    public bool Awaits(in CacheBreak notice)
    {
        lock (File.Sync)
        {
            return IsBreaking && Notices == notice.Number;
        }
    }

    /// <summary>
    /// Whether its client is away and all of its opens are kept for it: a break is not over before the client is back, or its time is.
    /// Called with the file's lock held.
    /// </summary>
    public bool IsAwaited
    {
        get
        {
            foreach (var open in Opens)
            {
                if (open.BreakSink is not { IsAwaited: true })
                {
                    return false;
                }
            }

            return Opens.Count > 0;
        }
    }

    /// <summary>Whether <paramref name="open"/> is its only open.</summary>
    public bool IsOnlyFor(ICachingOpen open)
    {
        lock (File.Sync)
        {
            return Opens.Count == 1 && Opens.First!.Value == open;
        }
    }

    /// <summary>
    /// Begins to send a notice, unless it no longer matters because the client has answered, or has closed what it is about. If this
    /// returns true, <see cref="EndSend"/> follows.
    /// </summary>
    public bool TryBeginSend(in CacheBreak notice)
    {
        lock (File.Sync)
        {
            if (notice.MustAnswer ? !Awaits(notice) : Opens.Count == 0)
            {
                return false;
            }

            _sending++;
            return true;
        }
    }

    /// <summary>The notice is now queued for the client.</summary>
    public void EndSend()
    {
        lock (File.Sync)
        {
            if (--_sending > 0)
            {
                return;
            }

            _sent?.TrySetResult();
            _sent = null;
        }
    }

    /// <summary>
    /// Completes when no notice is on its way out; <see langword="null"/>: none is. A close is answered only after that: a notice that
    /// reached the client after the answer would be taken to mean whatever its lease key stands for next.
    /// </summary>
    public Task? WhenSent()
    {
        if (Volatile.Read(ref _sending) == 0)
        {
            return null;
        }

        lock (File.Sync)
        {
            return _sending == 0
                ? null
                : (_sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Begins to close the opens, because their client cannot be reached; false if one of them stays open.</summary>
    public bool TryClose()
    {
        var closing = true;
        foreach (var sink in GetSinks())
        {
            closing &= sink.TryClose();
        }

        return closing;
    }

    /// <summary>The sinks that take breaks to the client on behalf of its opens, the oldest first.</summary>
    public IBreakSink[] GetSinks()
    {
        lock (File.Sync)
        {
            return [.. Opens.Select(static open => open.BreakSink).OfType<IBreakSink>()];
        }
    }

    /// <summary>Hands a break to the first open that can still reach the client and that the client knows of.</summary>
    public bool Send(in CacheBreak notice)
    {
        foreach (var sink in GetSinks().OrderByDescending(static sink => sink.IsAnnounced))
        {
            if (sink.Send(notice, this))
            {
                return true;
            }
        }

        return false;
    }
}
