using Smb3.Embedded.Threading;
using System.Collections.Concurrent;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// The opens that are known beyond their sessions (GlobalOpenTable, MS-SMB2 3.3.1.5), by everything that they can be looked up by.
/// </summary>
/// <param name="limits">
/// How many may be without a connection at the same time, after which any further one is closed with its connection; and how many may be
/// persistent.
/// </param>
/// <param name="time">The clock of their time-outs.</param>
internal sealed class GlobalOpenTable(ServerLimits limits, TimeProvider time)
{
    private readonly ConcurrentDictionary<ulong, GlobalOpen> _byId = new();
    private readonly ConcurrentDictionary<(Guid Client, Guid Create), CreateClaim> _claims = new();
    private readonly ConcurrentDictionary<(Guid Client, Guid Create), GlobalOpen> _waiting = new();
    private readonly ConcurrentDictionary<ulong, GlobalOpen> _ofApplications = new();
    private int _disconnected;
    private int _awaited;

    public TimeProvider Time { get; } = time;

    /// <summary>Told of an exception that a store throws while closing an open, when no request is waiting for the close.</summary>
    public Action<Exception> Fault { get; init; } = static _ => { };

    /// <summary>Told that an open of this client was closed while it had no connection.</summary>
    public Action<Guid> ClientMayBeGone { get; init; } = static _ => { };

    /// <summary>Told of changes of an open that has no connection.</summary>
    public Action<SmbChangeKind, GlobalOpen> Changed { get; init; } = static (_, _) => { };

    /// <summary>Those that are persistent.</summary>
    public PersistentOpens Persistent { get; } = new(limits.MaxPersistentOpens, limits.MaxPersistentOpensPerUser);

    public int Count => All.Count();

    /// <summary>How many have no connection.</summary>
    public int DisconnectedCount => Volatile.Read(ref _disconnected) + Volatile.Read(ref _awaited);

    public IEnumerable<GlobalOpen> All => AllToTheEnd.Where(open => !open.IsClosed);

    /// <summary>Those, and the ones that are being closed, whose files are still open.</summary>
    private IEnumerable<GlobalOpen> AllToTheEnd => _byId.Select(pair => pair.Value);

    /// <summary>
    /// Claims a create guid for a CREATE that is beginning. Null: another claim, in <paramref name="holder"/>, has it. A claim ends with
    /// the open that it was given to, or by <see cref="Abandon"/>; one whose share was fenced counts no more, however long its CREATE runs.
    /// </summary>
    public CreateClaim? TryClaim(Guid clientGuid, Guid createGuid, StoreFence? fence, out CreateClaim? holder)
    {
        var claim = new CreateClaim(clientGuid, createGuid, fence);
        while (true)
        {
            holder = _claims.GetOrAdd((clientGuid, createGuid), claim);
            if (holder == claim)
            {
                return claim;
            }

            if (!holder.IsOver)
            {
                return null;
            }

            Abandon(holder);
        }
    }

    /// <summary>The CREATE that made the claim has come to nothing.</summary>
    public void Abandon(CreateClaim claim) =>
        _claims.TryRemove(KeyValuePair.Create((claim.ClientGuid, claim.CreateGuid), claim));

    public void Add(GlobalOpen open)
    {
        // A share that was another node's is back with the same opens, while requests of its former time here may still be at work on theirs.
        var entered = _byId.AddOrUpdate(
            open.PersistentId, static (_, added) => added, static (_, before, added) => before.IsAbandoned ? added : before, open);
        if (entered == open && open.Application is not null)
        {
            _ofApplications[open.PersistentId] = open;
        }

        if (entered == open && open.Kind == DurableKind.Persistent)
        {
            Persistent.Add(open);
        }

        if (open.Claim is { } claim)
        {
            claim.Open = open;
        }

        if (open.Handle is { HasEnded: true })
        {
            // It was closed over another channel while it was being made resilient, and that close did not see this entry.
            Leave(open);
            Forget(open);
        }
    }

    /// <summary>An open begins to close: it can no longer be reconnected, but requests that must wait for its file still find it.</summary>
    public void Leave(GlobalOpen open)
    {
        if (open.Claim is { } claim)
        {
            Abandon(claim);
        }

        open.Removed();
    }

    /// <summary>An open has been closed.</summary>
    public void Forget(GlobalOpen open)
    {
        _byId.TryRemove(KeyValuePair.Create(open.PersistentId, open));
        if (open.Kind == DurableKind.Persistent)
        {
            Persistent.Remove(open);
        }

        if (open.Application is not null)
        {
            _ofApplications.TryRemove(KeyValuePair.Create(open.PersistentId, open));
        }

        open.Gone();
    }

    public GlobalOpen? Find(Smb2FileId fileId) => Find(fileId.Persistent);

    public GlobalOpen? Find(ulong persistentId) => _byId.GetValueOrDefault(persistentId) is { IsClosed: false } open ? open : null;

    /// <summary>An open, also while it is being closed.</summary>
    public GlobalOpen? FindToTheEnd(Smb2FileId fileId) => _byId.GetValueOrDefault(fileId.Persistent);

    /// <summary>The opens of an application instance, also while they are being closed.</summary>
    public IEnumerable<GlobalOpen> OfApplication(Guid appInstanceId) =>
        _ofApplications.IsEmpty ? [] : _ofApplications.Select(pair => pair.Value).Where(open => open.Application!.Id == appInstanceId);

    /// <summary>
    /// Counts in one more open without a connection, unless there are too many. A persistent one, whose client was promised that it stays,
    /// was counted when it was granted.
    /// </summary>
    public bool TryKeep(GlobalOpen open)
    {
        var count = Interlocked.Increment(ref CountOf(open));
        if (!open.IsClosed && (open.Kind == DurableKind.Persistent || count <= limits.MaxDisconnectedOpens))
        {
            return true;
        }

        Release(open);
        return false;
    }

    /// <summary>
    /// Counts in an open without a connection, whether or not there are too many: it is closed next, which gives its place back.
    /// </summary>
    public void KeepToClose(GlobalOpen open) => Interlocked.Increment(ref CountOf(open));

    /// <summary>One open has a connection again, or is closed.</summary>
    public void Release(GlobalOpen open)
    {
        Interlocked.Decrement(ref CountOf(open));
        if (open.Facts.CreateGuid is { } create)
        {
            _waiting.TryRemove(KeyValuePair.Create((open.ClientGuid, create), open));
        }
    }

    /// <summary>One that was counted in begins to wait for its client.</summary>
    public void Waits(GlobalOpen open)
    {
        if (open.Facts.CreateGuid is { } create)
        {
            _waiting[(open.ClientGuid, create)] = open;
        }
    }

    /// <summary>The open that a client made under a create guid, whether or not it has used it, and that waits for the client.</summary>
    public GlobalOpen? FindWaiting(Guid clientGuid, Guid createGuid) =>
        _waiting.GetValueOrDefault((clientGuid, createGuid)) is { IsWaiting: true } open ? open : null;

    private ref int CountOf(GlobalOpen open) => ref open.Kind == DurableKind.Persistent ? ref _awaited : ref _disconnected;

    /// <summary>
    /// Closes the opens without a connection that a journal keeps, for the next process to take up; those of one share, if it is given.
    /// </summary>
    public ValueTask SuspendAsync(string? share = null) => CloseDisconnectedAsync(open =>
    {
        if (open.File.State.IsKept && (share is null || open.Share == share))
        {
            open.File.State.Suspend();
            return true;
        }

        return false;
    });

    /// <summary>
    /// Closes the opens without a connection that <paramref name="which"/> selects, because a share or a user goes away or the server
    /// stops. Waits for those that are already being closed.
    /// </summary>
    public async ValueTask CloseDisconnectedAsync(Func<GlobalOpen, bool> which)
    {
        var ending = default(EndingAll);
        foreach (var open in AllToTheEnd)
        {
            try
            {
                if (open.WasWaiting && which(open))
                {
                    await open.CloseAsync().ConfigureAwait(false);
                }
            }
            catch (Exception e)
            {
                ending.Note(e);
            }
        }

        ending.ThrowIfFailed();
    }
}
