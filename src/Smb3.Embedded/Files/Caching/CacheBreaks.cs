using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// The breaks of the grants of one file, from the decision to the client's answer, or to the end of its time (MS-FSA 2.1.4.12 and 2.1.5.19;
/// MS-SMB2 3.3.4.6, 3.3.4.7 and 3.3.5.22).
/// </summary>
/// <param name="file">The file.</param>
/// <param name="grants">Its grants.</param>
/// <param name="signal">Called when something has changed that requests may be waiting for.</param>
internal sealed class CacheBreaks(ICachedFile file, GrantSet grants, Action signal)
{
    private const CacheState Held = CacheState.Write | CacheState.Handle;

    /// <summary>
    /// Asks a client to give up all but <paramref name="to"/>, or more of it than it was asked for before. Called with the file's lock held.
    /// </summary>
    public void Break(CacheGrant grant, CacheState to, ref BreakBatch breaks)
    {
        to &= grant.State;
        if (!grant.IsLease)
        {
            to &= CacheState.Read;
        }
        else if ((to & CacheState.Read) == 0)
        {
            to = CacheState.None;
        }

        if (grant.IsBreaking)
        {
            // A lease is told of this once the client has answered the first break; an oplock is checked again by whichever open waits for
            // it.
            if ((grant.BreakingFor & to) != grant.BreakingFor)
            {
                grant.BreakingFor &= to;
                grant.Changed();
            }

            return;
        }

        if (to == grant.State)
        {
            return;
        }

        grant.Epoch++;
        breaks.Add(grant, Notice(grant, grant.State, to));
        if ((grant.State & Held) == 0)
        {
            grants.Set(grant, to);
            signal();
            return;
        }

        Begin(grant, to, to);
        grant.Changed();
    }

    /// <summary>A break begins that must be answered. Called with the file's lock held.</summary>
    public void Begin(CacheGrant grant, CacheState to, CacheState inTheEnd)
    {
        grant.IsBreaking = true;
        grant.BreakingTo = to;
        grant.BreakingFor = inTheEnd;
        grants.Breaking++;
        grant.Breaks++;
        grant.Progress = null; // how an earlier break fared says nothing about this one
        grant.Deadline = file.BreakDeadlines.Start(grant);
    }

    /// <summary>Handles a client's answer to a break of its oplock (MS-SMB2 3.3.5.22.1, MS-FSA 2.1.5.19).</summary>
    public NtStatus AcknowledgeOplock(CacheGrant? grant, CacheState to)
    {
        lock (file.Sync)
        {
            if (grant is null || (!grant.IsBreaking && (grant.State & CacheState.Write) == 0))
            {
                return NtStatus.InvalidOplockProtocol;
            }

            if (!grant.IsBreaking)
            {
                return NtStatus.InvalidDeviceState;
            }

            if ((to & ~grant.BreakingTo) != 0)
            {
                End(grant, CacheState.None);
                return NtStatus.InvalidOplockProtocol;
            }

            End(grant, to);
            return NtStatus.Success;
        }
    }

    /// <summary>Handles a client's answer to a break of its lease (MS-SMB2 3.3.5.22.2).</summary>
    /// <param name="grant">The lease.</param>
    /// <param name="to">What it keeps.</param>
    /// <param name="next">The next step, to be sent after the response, if more has been asked for in the meantime.</param>
    /// <returns>Success; UNSUCCESSFUL when no break was pending; REQUEST_NOT_ACCEPTED when it would keep more than it may.</returns>
    public NtStatus AcknowledgeLease(CacheGrant grant, CacheState to, out BreakBatch next)
    {
        next = default;
        lock (file.Sync)
        {
            if (!grant.IsBreaking)
            {
                return NtStatus.Unsuccessful;
            }

            if ((to & ~grant.BreakingTo) != 0)
            {
                return NtStatus.RequestNotAccepted;
            }

            if ((to & ~grant.BreakingFor) == 0)
            {
                End(grant, to);
                return NtStatus.Success;
            }

            // Windows goes down in steps: cached reads go last, and that needs no answer.
            if ((to & Held) == 0)
            {
                grant.BreakingTo = CacheState.None;
                grants.Set(grant, to);
                next.AddNext(grant, Notice(grant, to, CacheState.None));
                return NtStatus.Success;
            }

            grant.BreakingTo = (grant.BreakingFor | CacheState.Read) & to;
            grants.Set(grant, to);
            next.AddNext(grant, Notice(grant, to, grant.BreakingTo));
            return NtStatus.Success;
        }
    }

    /// <summary>
    /// The client can no longer be asked: it is left with nothing. One that is awaited is asked when it is back, and the break waits for that
    /// (MS-SMB2 3.3.4.7).
    /// </summary>
    public void GiveUp(CacheGrant grant)
    {
        lock (file.Sync)
        {
            if (grant.IsBreaking && !grant.IsAwaited)
            {
                End(grant, CacheState.None);
            }
        }
    }

    /// <summary>
    /// The client is back and has not answered a break: it is told again, for the notice may have been lost with its former connection, or
    /// with the process that sent it, and has its time from now on.
    /// </summary>
    /// <returns>The notice; <see langword="null"/>: nothing is being broken.</returns>
    public CacheBreak? Remind(CacheGrant grant)
    {
        lock (file.Sync)
        {
            if (!grant.IsBreaking)
            {
                return null;
            }

            file.BreakDeadlines.End(grant.Deadline!);
            grant.Breaks++;
            grant.Progress = null;
            grant.Deadline = file.BreakDeadlines.Start(grant);
            return Notice(grant, grant.State, grant.BreakingTo);
        }
    }

    /// <summary>A notice that needs no answer is on its way: its break is over with it.</summary>
    public void Told(CacheGrant grant, in CacheBreak notice)
    {
        lock (file.Sync)
        {
            if (!notice.MustAnswer && grant.IsBreaking && grant.Notices == notice.Number)
            {
                End(grant, notice.To);
            }
        }
    }

    /// <summary>A break is over, and the client keeps <paramref name="to"/>. Called with the file's lock held.</summary>
    public void End(CacheGrant grant, CacheState to)
    {
        file.BreakDeadlines.End(grant.Deadline!);
        grant.Deadline = null;
        grant.IsBreaking = false;
        grants.Breaking--;
        grants.Set(grant, to);
        signal();
        if (grant.Opens.First is { Value: var oldest })
        {
            oldest.BreakSink?.Settled(grant.Lease);
        }
    }

    private static CacheBreak Notice(CacheGrant grant, CacheState from, CacheState to) => new(
        grant.Lease, from, to, grant.Lease is { Version: 2 } ? grant.Epoch : (ushort)0, MustAnswer: (from & Held) != 0, ++grant.Notices);
}
