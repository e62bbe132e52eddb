using Smb3.Embedded.Nt;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// The oplocks and leases of one file: grants them, breaks them, and makes conflicting requests wait (MS-FSA 2.1.4.12, 2.1.5.18 and
/// 2.1.5.19; MS-SMB2 3.3.4.6 and 3.3.4.7). Guarded by the file's lock; nothing waits while holding it.
/// </summary>
internal sealed class FileCaching(ICachedFile file)
{
    private const CacheState ReadWrite = CacheState.Read | CacheState.Write;
    private const FileAccessMask OplockStat =
        FileAccessMask.ReadAttributes | FileAccessMask.WriteAttributes | FileAccessMask.Synchronize;

    private const FileAccessMask LeaseStat = OplockStat | FileAccessMask.ReadControl;

    private readonly GrantSet _grants = new(file);
    private CacheBreaks? _breaks;
    private BreakTelling? _telling;
    private TaskCompletionSource? _changed;

    // Most files that are opened see no break.
    private CacheBreaks Breaks =>
        _breaks ?? Interlocked.CompareExchange(ref _breaks, new CacheBreaks(file, _grants, Signal), null) ?? _breaks;

    private BreakTelling Telling => _telling ?? Interlocked.CompareExchange(ref _telling, new BreakTelling(file), null) ?? _telling;

    /// <summary>Whether an open with this access only looks at attributes, and so disturbs no oplock (MS-FSA 2.1.5.1.2).</summary>
    public static bool IsStat(FileAccessMask access) => (access & ~OplockStat) == 0;

    /// <summary>Whether an open may be one that its client merely keeps cached. Called with the file's lock held.</summary>
    /// <param name="open">The open.</param>
    /// <param name="andIsAsked">Whether the client must have been asked to close it already.</param>
    public static bool CachesHandle(ICachingOpen open, bool andIsAsked) =>
        open.Grant is { } grant && (grant.State & CacheState.Handle) != 0
        && (!andIsAsked || (grant.IsBreaking && (grant.BreakingFor & CacheState.Handle) == 0));

    /// <summary>Whether anything is granted. Called with the file's lock held.</summary>
    public bool HasGrants => _grants.Count > 0;

    /// <summary>Completes with the next change of any grant or open of the file. Called with the file's lock held.</summary>
    public Task WhenChanged() =>
        (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>
    /// Breaks whatever stands in the way of a new open (MS-FSA 2.1.5.1.2): cached handles if the sharing collides, since they may be what
    /// collides with it; otherwise cached writes; and everything if the file is overwritten. One that deletes on close disturbs no cached
    /// handle before it does so. Called with the file's lock held.
    /// </summary>
    /// <param name="wish">The caching that the new open asks for: opens of its own lease do not disturb it.</param>
    /// <param name="open">The new open.</param>
    /// <param name="collides">Whether its sharing collides with that of other opens.</param>
    /// <param name="overwrites">Whether it overwrites the file.</param>
    /// <param name="again">Whether it has waited before.</param>
    /// <param name="breaks">What must be sent.</param>
    /// <returns>Whether the open must wait and try again.</returns>
    public bool BreakForOpen(
        CachingRequest? wish, ICachingOpen open, bool collides, bool overwrites, bool again, ref BreakBatch breaks)
    {
        var mask = collides ? CacheState.Handle : CacheState.Write;
        var disturbing = overwrites ? _grants.Count : collides ? _grants.Handling : _grants.Writing;
        var access = open.GrantedAccess;
        if (disturbing + _grants.Breaking == 0)
        {
            return false;
        }

        var isStat = !overwrites && IsStat(access);
        var isLeaseStat = !overwrites && (access & ~LeaseStat) == 0;
        var wait = false;
        for (var (node, next) = _grants.First(); node is not null; (node, next) = GrantSet.After(next))
        {
            var grant = node.Value;
            if ((grant.IsLease ? isLeaseStat : isStat) || grant.State == CacheState.None || IsOwn(grant, wish))
            {
                continue;
            }

            // If sharing collides, a lease loses only its handle caching: the file is not overwritten yet, and may never be.
            var cuts = overwrites && !(collides && grant.IsLease);
            var to = grant.State & ~mask;
            if (cuts)
            {
                to &= CacheState.Write;
            }

            if (to == grant.State)
            {
                // An open that has already waited must also wait out the later steps of a break; one that has only just come need not.
                wait |= grant.IsBreaking && again;
                continue;
            }

            // A cache broken for an overwrite is broken only once, not again by the new length.
            var state = grant.State;
            var wasBreaking = grant.IsBreaking;
            Breaks.Break(grant, cuts ? CacheState.None : to, ref breaks);
            wait |= (state & mask) != 0 || (wasBreaking && again);
        }

        return wait;
    }

    /// <summary>
    /// Breaks cached reads when data, length or locks change through <paramref name="by"/>: before the change, and again after it for any
    /// cache granted in the meantime. Nothing waits, since cached reads hold nothing back.
    /// </summary>
    public void BreakReads(ICachingOpen by)
    {
        _grants.NoteOwn();
        if (_grants.Reading == 0)
        {
            return;
        }

        BreakBatch breaks = default;
        lock (file.Sync)
        {
            for (var (node, next) = _grants.First(); node is not null; (node, next) = GrantSet.After(next))
            {
                var grant = node.Value;
                // A level II oplock has no owner to spare (MS-FSA 2.1.4.12); all others spare their own opens.
                if ((grant.State & CacheState.Read) != 0
                    && (grant != by.Grant || (!grant.IsLease && grant.State == CacheState.Read)))
                {
                    Breaks.Break(grant, CacheState.None, ref breaks);
                }
            }
        }

        breaks.Send();
    }

    /// <summary>
    /// Breaks cached handles before a name of the file changes or goes away (MS-FSA 2.1.5.15.3 and 2.1.5.15.11).
    /// </summary>
    /// <param name="by">The open that does it; its own lease is spared. <see langword="null"/>: none is.</param>
    /// <returns>What to wait for before trying again; <see langword="null"/>: nothing stands in the way.</returns>
    public Task? BreakHandles(ICachingOpen? by)
    {
        // What the client has already been asked, though it has not been told.
        SendHeld();
        BreakBatch breaks = default;
        Task? changed = null;
        lock (file.Sync)
        {
            if (_grants.Handling == 0)
            {
                return null;
            }

            for (var (node, next) = _grants.First(); node is not null; (node, next) = GrantSet.After(next))
            {
                var grant = node.Value;
                if ((grant.State & CacheState.Handle) == 0 || (by is not null && grant == by.Grant))
                {
                    continue;
                }

                Breaks.Break(grant, grant.State & ~CacheState.Handle, ref breaks);
                if ((grant.State & CacheState.Handle) != 0)
                {
                    changed = WhenChanged();
                }
            }
        }

        breaks.Send();
        return changed;
    }

    /// <summary>Breaks the leases on a directory whose listing changes (MS-FSA 2.1.4.12.1); nothing waits.</summary>
    /// <param name="spared">
    /// The parent lease key named by the open that makes the change. Windows compares only the keys, so another client's lease with the
    /// same key is spared too.
    /// </param>
    /// <param name="later">
    /// What takes the breaks behind the answer to the request that changed the listing; <see langword="null"/>: they leave at once.
    /// </param>
    /// <returns>What to wait for before the change is answered; see <see cref="WhenTold"/>.</returns>
    public Task? BreakListing(Guid? spared, Afterwards? later = null)
    {
        if (_grants.Reading == 0)
        {
            return WhenTold(later);
        }

        BreakBatch breaks = default;
        lock (file.Sync)
        {
            for (var (node, next) = _grants.First(); node is not null; (node, next) = GrantSet.After(next))
            {
                var grant = node.Value;
                if (grant.State != CacheState.None && grant.Lease is { } lease && lease.Key != spared)
                {
                    Breaks.Break(grant, CacheState.None, ref breaks);
                }
            }

            if (later is not null && !breaks.IsEmpty)
            {
                Telling.Hold(breaks, later);
            }
        }

        if (later is null)
        {
            breaks.Send();
        }
        else if (!breaks.IsEmpty)
        {
            LeaveHeld(later);
        }

        return WhenTold(later);
    }

    // A method of its own, so that nothing is allocated where nothing is left.
    private void LeaveHeld(Afterwards later) => later.Add(() => SendHeld(later));

    /// <summary>Whether all of a request would be granted now. Called with the file's lock held.</summary>
    public bool IsGrantedInFull(CachingRequest wish, long extent) => _grants.IsGrantedInFull(wish, extent);

    /// <summary>Whether an open may keep a request from being granted in full. Called with the file's lock held.</summary>
    public static bool HoldsBack(ICachingOpen open, CachingRequest wish) =>
        IsBlocker(open) && (open.Grant is null || !IsOwn(open.Grant, wish));

    /// <summary>
    /// Counts an open in and grants as much of its caching request as possible. Called with the file's lock held.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="wish">The caching it asks for.</param>
    /// <param name="extent">Bytes that the file takes up once it is open.</param>
    /// <returns>Success, or INVALID_PARAMETER when the lease key now means another file (MS-SMB2 3.3.5.9.8).</returns>
    public NtStatus Add(ICachingOpen open, CachingRequest? wish, long extent)
    {
        CacheGrant? grant = null;
        if (wish is { Table: { } table, Lease: { } identity })
        {
            if (!table.TryFind(identity.Key, out grant))
            {
                grant = new CacheGrant(file, table, identity) { Epoch = identity.Version == 2 ? wish.Epoch : (ushort)0 };
                if (!table.TryAdd(grant))
                {
                    return NtStatus.InvalidParameter;
                }

                _grants.Set(grant, _grants.Grantable(grant, wish, extent));

                // The epoch counts changes of the state, and a lease that is not granted changes nothing (MS-SMB2 3.3.5.9.11).
                if (grant.State != CacheState.None)
                {
                    grant.Epoch++;
                }
            }
            else if (grant.File != file)
            {
                if (!grant.IsNameless)
                {
                    return NtStatus.InvalidParameter;
                }

                grant = null;
            }
            else if (!grant.IsBreaking && _grants.Wanted(wish) is var wanted && wanted != grant.State && (grant.State & ~wanted) == 0
                && _grants.Grantable(grant, wish, extent) == wanted)
            {
                // Upgraded as a whole or not at all.
                _grants.Set(grant, wanted);
                grant.Epoch++;
            }
        }
        else if (wish is not null && _grants.Grantable(null, wish, extent) is var state and not CacheState.None)
        {
            grant = new CacheGrant(file, null, null);
            _grants.Set(grant, state);
        }

        Attach(open, grant, wish?.Sink);
        return NtStatus.Success;
    }

    /// <summary>
    /// Counts in an open that existed before the server came up, with what it cached; no other client is asked. Called with the file's lock
    /// held.
    /// </summary>
    /// <returns>False when its lease key now means another file; it then caches nothing.</returns>
    public bool Restore(ICachingOpen open, LeaseTable? table, LeaseIdentity? lease, in KeptCaching kept, IBreakSink? sink)
    {
        var state = kept.State;
        CacheGrant? grant = null;
        var isFree = true;
        if (table is not null && lease is not null)
        {
            if (!table.TryFind(lease.Key, out grant))
            {
                grant = new CacheGrant(file, table, lease) { Epoch = kept.Epoch };
                isFree = table.TryAdd(grant);
            }
            else
            {
                isFree = grant.File == file;
            }

            grant = isFree ? grant : null;
        }
        else if (lease is null && state != CacheState.None)
        {
            grant = new CacheGrant(file, null, null);
        }

        if (grant is not null && grant.Opens.Count == 0)
        {
            _grants.Set(grant, state);
            if (kept.BreakingTo is { } to && state != CacheState.None)
            {
                Breaks.Begin(grant, to & state, kept.BreakingFor & to & state);
            }
        }

        Attach(open, grant, sink);
        return isFree;
    }

    /// <summary>Counts an open out; a grant ends with its last open. Called with the file's lock held.</summary>
    public void Remove(ICachingOpen open)
    {
        var grant = open.Grant;
        if (IsBlocker(open))
        {
            _grants.Blockers--;
            if (grant is not null)
            {
                grant.Blockers--;
            }
        }

        if (grant is not null)
        {
            grant.Opens.Remove(open.GrantPlace!);
            if (grant.Opens.Count == 0)
            {
                if (grant.IsBreaking)
                {
                    Breaks.End(grant, CacheState.None);
                }

                _grants.End(grant);
            }
        }

        Signal();
    }

    /// <summary>Asks a client to give up everything it caches of the file, because the host wants it.</summary>
    /// <returns>False when there is nothing to give up.</returns>
    public bool Revoke(CacheGrant grant)
    {
        BreakBatch breaks = default;
        lock (file.Sync)
        {
            if (grant.State == CacheState.None)
            {
                return false;
            }

            Breaks.Break(grant, CacheState.None, ref breaks);
        }

        breaks.Send();
        return true;
    }

    /// <summary>Another program on the machine uses the file: breaks everything except <paramref name="kept"/>.</summary>
    public void BreakForOutside(CacheState kept)
    {
        BreakBatch breaks = default;
        lock (file.Sync)
        {
            for (var (node, next) = _grants.First(); node is not null; (node, next) = GrantSet.After(next))
            {
                Breaks.Break(node.Value, node.Value.State & kept, ref breaks);
            }
        }

        breaks.Send();
    }

    /// <summary>What other programs on the machine do with the file no longer concerns it. Called with the file's lock held.</summary>
    public void StopNoticing() => _grants.StopNoticing();

    /// <summary>The server has changed the file.</summary>
    public void NoteOwn() => _grants.NoteOwn();

    /// <inheritdoc cref="BreakTelling.WhenTold"/>
    public Task? WhenTold(Afterwards? by = null) => Volatile.Read(ref _telling)?.WhenTold(by);

    /// <summary>Sends the breaks that are held until a request has been answered. Called without any lock.</summary>
    /// <param name="behind">Whose answers they were held for; <see langword="null"/>: anybody's, because somebody else needs them sent.</param>
    public void SendHeld(Afterwards? behind = null) =>
        Volatile.Read(ref _telling)?.SendHeld(only: behind);

    /// <inheritdoc cref="BreakTelling.Begin"/>
    public void BeginTelling() => Telling.Begin();

    /// <summary>A notice is on its way, or no longer matters.</summary>
    public void Told(CacheGrant grant, in CacheBreak notice, bool endsBreak)
    {
        if (endsBreak)
        {
            Breaks.Told(grant, notice);
        }
        else
        {
            Telling.End();
        }
    }

    /// <inheritdoc cref="CacheBreaks.AcknowledgeOplock"/>
    public NtStatus AcknowledgeOplock(CacheGrant? grant, CacheState to) => Breaks.AcknowledgeOplock(grant, to);

    /// <inheritdoc cref="CacheBreaks.AcknowledgeLease"/>
    public NtStatus AcknowledgeLease(CacheGrant grant, CacheState to, out BreakBatch next) => Breaks.AcknowledgeLease(grant, to, out next);

    /// <inheritdoc cref="CacheBreaks.GiveUp"/>
    public void GiveUp(CacheGrant grant) => Breaks.GiveUp(grant);

    /// <inheritdoc cref="CacheBreaks.Remind"/>
    public CacheBreak? Remind(CacheGrant grant) => Breaks.Remind(grant);

    private void Attach(ICachingOpen open, CacheGrant? grant, IBreakSink? sink)
    {
        if (grant is not null)
        {
            grant.Opens.AddLast(open.GrantPlace = new LinkedListNode<ICachingOpen>(open));
            open.Grant = grant;
            open.BreakSink = sink;
            _grants.NoticeOutside(open.Handle);
        }

        if (IsBlocker(open))
        {
            _grants.Blockers++;
            if (grant is not null)
            {
                grant.Blockers++;
            }
        }
    }

    private static bool IsOwn(CacheGrant grant, CachingRequest? wish) => grant.Lease is { } lease && lease.IsSame(wish?.Lease);

    private static bool IsBlocker(ICachingOpen open) => open.Grant is not null || !IsStat(open.GrantedAccess);

    /// <summary>Something that a request may be waiting for has changed. Called with the file's lock held.</summary>
    public void Signal()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
