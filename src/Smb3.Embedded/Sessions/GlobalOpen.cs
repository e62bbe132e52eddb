using System.Diagnostics;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions.Durability;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// An open that is known beyond its session, because it may outlive the session or be named by a create guid or an application instance: an
/// entry of GlobalOpenTable (MS-SMB2 3.3.1.10). While it has no connection it belongs to its table alone, which ends it when its time is up
/// or when another open needs the file.
/// </summary>
internal sealed class GlobalOpen : IBreakSink
{
    private readonly GlobalOpenTable _table;
    private readonly Lock _sync = new();
    private FileHandle? _handle;
    private ChannelSequence? _former;
    private DurableState? _state;
    private ITimer? _timer;
    private int _replayable = 1;
    private TaskCompletionSource? _lost;
    private Ending _ending;
    private bool _closed;
    private bool _gone;

    public GlobalOpen(GlobalOpenTable table, FileHandle handle, Guid clientGuid, CreateClaim? claim, AppInstance? appInstance)
    {
        _table = table;
        _handle = handle;
        File = handle.File;
        PersistentId = handle.FileId.Persistent;
        OpenedAt = handle.OpenedAt;
        ClientGuid = clientGuid;
        Share = handle.TreeConnect.Share.Name;
        Owner = handle.Session.Token!;
        Claim = claim;
        AppInstance = appInstance;
    }

    /// <summary>An open left by an earlier process, recreated: from here on it waits for its client.</summary>
    public GlobalOpen(GlobalOpenTable table, FileOpen file, DurableFacts facts, SecurityToken owner, CreateClaim? claim)
    {
        _table = table;
        File = file;
        PersistentId = facts.PersistentId;
        OpenedAt = facts.OpenedAt;
        ClientGuid = file.State.ClientGuid;
        Share = facts.Share;
        Owner = owner;
        Claim = claim;
        AppInstance = facts.AppInstanceId is { } id ? new AppInstance(id, facts.AppInstanceVersion?.High, facts.AppInstanceVersion?.Low) : null;
        Action = facts.Action;
        Durability = new OpenDurability(facts.IsResilient ? DurableKind.Resilient : DurableKind.Durable, facts.Timeout);
        Wait();
    }

    /// <summary>The first lock in the order: taken before the file's lock, never while that one is held.</summary>
    private Lock Sync
    {
        get
        {
            Debug.Assert(!File.File.Sync.IsHeldByCurrentThread, "The lock of an open that is known beyond its session is taken before its file's.");
            return _sync;
        }
    }

    public FileOpen File { get; }

    public ulong PersistentId { get; }

    public DateTimeOffset OpenedAt { get; }

    public Guid ClientGuid { get; }

    public string Share { get; }

    /// <summary>The user who opened it (Open.DurableOwner).</summary>
    public SecurityToken Owner { get; }

    /// <summary>Its create guid (Open.CreateGuid), if it has one.</summary>
    public CreateClaim? Claim { get; }

    public AppInstance? AppInstance { get; }

    /// <summary>What its CREATE did with the file; if the same CREATE is sent again, the answer says so too.</summary>
    public CreateAction Action { get; init; }

    /// <summary>What keeps it open when its connection is lost.</summary>
    public OpenDurability Durability { get; set; } = OpenDurability.None;

    /// <summary>The open in its session; <see langword="null"/> while it has none.</summary>
    public FileHandle? Handle
    {
        get
        {
            lock (Sync)
            {
                return _handle;
            }
        }
    }

    /// <summary>Its state while it has no connection; otherwise <see langword="null"/>.</summary>
    public DurableState? Disconnected
    {
        get
        {
            lock (Sync)
            {
                return _handle is null && !_closed ? _state : null;
            }
        }
    }

    /// <summary>The same, even if it has since begun to close.</summary>
    public DurableState? LastDisconnected
    {
        get
        {
            lock (Sync)
            {
                return _handle is null ? _state : null;
            }
        }
    }

    /// <summary>Whether it is closed, or about to be.</summary>
    public bool IsClosed
    {
        get
        {
            lock (Sync)
            {
                return _closed;
            }
        }
    }

    /// <summary>
    /// The client has used the open, so it has seen the answer to its CREATE and cannot send that CREATE again: Open.IsReplayEligible
    /// becomes false (MS-SMB2 3.3.1.10), and its create guid is free.
    /// </summary>
    public void EndReplay()
    {
        if (Claim is not null && Volatile.Read(ref _replayable) != 0 && Interlocked.Exchange(ref _replayable, 0) != 0)
        {
            _table.Abandon(Claim);
        }
    }

    /// <summary>
    /// Whether it outlives the loss of its connection (MS-SMB2 3.3.7.1). A durable handle does as long as the client caches the handle and
    /// is not being asked to give it up, because then another open is waiting. One with locks must cache writes too, as in Windows: then no
    /// other open uses the file that could run into locks without an owner.
    /// </summary>
    public bool CanDisconnect => Durability.Kind switch
    {
        DurableKind.Resilient => true,
        DurableKind.Durable => File.Grant?.Show() is { IsBreaking: false } shown
            && (shown.State & CacheState.Handle) != 0
            && ((shown.State & CacheState.Write) != 0 || File.GetLocks().Count == 0),
        _ => false,
    };

    /// <summary>
    /// Completes when it has lost its session, or when it and its file are closed; <see langword="null"/> when it is waiting to be
    /// reconnected, is gone, or belongs to <paramref name="session"/>.
    /// </summary>
    public Task? WhenLost(Session session)
    {
        lock (Sync)
        {
            if (_gone || (!_closed && (_handle is null || _handle.Session == session)))
            {
                return null;
            }

            _lost ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _lost.Task;
        }
    }

    /// <summary>It can no longer be reconnected.</summary>
    public void Removed()
    {
        lock (Sync)
        {
            _closed = true;
        }
    }

    /// <summary>Its file has been closed.</summary>
    public void Gone()
    {
        lock (Sync)
        {
            _gone = true;
            _lost?.TrySetResult();
        }
    }

    /// <summary>
    /// Its session is over and it goes on without one. If its caching was broken in the meantime, it is closed after all.
    /// </summary>
    public async ValueTask DisconnectAsync(FileHandle handle)
    {
        if (!_table.TryKeep(this))
        {
            lock (Sync)
            {
                _handle = null;
                _closed = true;
                _ = _ending.TryBegin(); // nothing else begins it while there is a session
            }

            await EndAsync().ConfigureAwait(false);
            return;
        }

        lock (Sync)
        {
            _handle = null;
            _former = handle.ChannelSequence;
            Wait();
        }

        if (!CanDisconnect)
        {
            await CloseAsync().ConfigureAwait(false);
        }
        else if (Durability.Kind == DurableKind.Resilient && File.Grant is { } grant && grant.IsOnlyFor(File))
        {
            // A break that was on its way over the lost connection will not be answered.
            grant.File.Caching.GiveUp(grant);
        }

        lock (Sync)
        {
            if (_handle is null)
            {
                File.Holder = null;
            }

            if (!_closed)
            {
                _lost?.TrySetResult();
                _lost = null;
            }
        }

        File.File.HolderChanged();
    }

    /// <summary>
    /// Completes when everything that came in through its last session is finished, including requests that had only just found the open
    /// when the session lost it: none of them may take effect after what the client sends next.
    /// </summary>
    public async ValueTask WhenFormerLeftAsync()
    {
        if (Volatile.Read(ref _former) is { } former)
        {
            await former.WhenLeft().ConfigureAwait(false);
        }

        await File.WhenIdleAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The client is back (MS-SMB2 3.3.5.9.7 and 3.3.5.9.12): breaks go to <paramref name="sink"/> from here on. Null: another request was
    /// faster, or its time is up.
    /// </summary>
    public FileHandle? TryReconnect(IBreakSink sink, Smb2FileId id, TreeConnect tree, ushort channelSequence)
    {
        lock (Sync)
        {
            if (_handle is not null || _closed || _state is null)
            {
                return null;
            }

            _state = null;
            _former = null;
            _timer?.Dispose();
            _timer = null;
            File.BreakSink = sink;
            _handle = new FileHandle(id, tree, channelSequence, File)
            {
                Global = this,
            };
            _table.Release();
            return _handle;
        }
    }

    /// <summary>
    /// Closes it while it has no connection; false when it has one, or when another caller closed it, in which case that close has
    /// finished.
    /// </summary>
    public async ValueTask<bool> CloseAsync()
    {
        bool isFirst;
        lock (Sync)
        {
            if (_handle is not null || (_state is null && !_ending.HasBegun))
            {
                return false;
            }

            isFirst = _ending.TryBegin();
            _closed = true;
            _timer?.Dispose();
        }

        if (!isFirst)
        {
            await _ending.WhenOver().ConfigureAwait(false);
            return false;
        }

        _table.Release();
        await EndAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>Closes it, whether or not it has a connection. Its file is closed when this returns, whoever closed it.</summary>
    public async ValueTask ForceCloseAsync()
    {
        while (Handle is { } handle)
        {
            await handle.EndAsync().ConfigureAwait(false);
            if (Handle == handle)
            {
                return; // otherwise it only lost its session, and may have a new one by now
            }
        }

        await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// A break while there is no client to tell (MS-SMB2 3.3.4.6 and 3.3.4.7): a durable open is closed, which is all that the others are
    /// waiting for; a resilient one stays and loses its caching.
    /// </summary>
    public bool Send(in CacheBreak notice, CacheGrant grant) => TryClose();

    /// <inheritdoc/>
    public bool IsAnnounced => true;

    /// <inheritdoc/>
    public bool TryClose()
    {
        if (Durability.Kind != DurableKind.Durable)
        {
            return false;
        }

        CloseInBackground();
        return true;
    }

    public void Settled(LeaseIdentity? lease) => _table.Changed(SmbChangeKind.CachingChanged, this);

    private void Wait()
    {
        _state = Describe();
        File.BreakSink = this;
        _timer = _table.Time.CreateTimer(
            static state => ((GlobalOpen)state!).CloseInBackground(), this, Durability.Timeout, Timeout.InfiniteTimeSpan);
    }

    private void CloseInBackground() => _ = Task.Run(async () =>
    {
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _table.Fault(e);
        }
    });

    private async ValueTask EndAsync()
    {
        _table.Leave(this);
        Exception? failure = null;
        try
        {
            await File.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            _table.Forget(this);
            _table.Changed(SmbChangeKind.Closed, this);
            _table.ClientMayBeGone(ClientGuid);
            if (File.Grant?.Lease is { } lease && lease.ClientGuid != ClientGuid)
            {
                // A session may have channels from two machines, and the lease belongs to the one that asked for it.
                _table.ClientMayBeGone(lease.ClientGuid);
            }
            _ending.Finish(failure);
        }
    }

    /// <summary>The facts about it that hold beyond its session.</summary>
    public DurableFacts DescribeHandle() => new()
    {
        PersistentId = PersistentId,
        Share = Share,
        IsOwnerSidFromName = Owner.IsSidFromName,
        IsResilient = Durability.Kind == DurableKind.Resilient,
        Timeout = Durability.Timeout,
        CreateGuid = Claim?.CreateGuid,
        AppInstanceId = AppInstance?.Id,
        AppInstanceVersion = AppInstance is { High: { } high, Low: { } low } ? (high, low) : null,
        Owner = Owner.Identity.UserName,
        OwnerDomain = Owner.Domain,
        OwnerSid = Owner.User,
        OpenedAt = OpenedAt,
        Action = Action,
    };

    private DurableState Describe()
    {
        var caching = File.Grant?.Show() ?? default;
        return new DurableState
        {
            PersistentId = PersistentId,
            Durability = Durability,
            ClientGuid = ClientGuid,
            CreateGuid = Claim?.CreateGuid,
            Owner = Owner.Identity.UserName,
            OwnerSid = Owner.User,
            OwnerDomain = Owner.Domain,
            Share = Share,
            AppInstance = AppInstance,
            Open = File.State,
            OpenedAt = OpenedAt,
            DeletePending = File.File.IsDeletePending(File.Path),
            DeletesAtOnce = File.DeletesAtOnce,
            Stream = File.File.StreamName,
            Caching = caching.State,
            LeaseEpoch = caching.Epoch,
            Locks = File.GetLocks(),
            LockSequences = File.State.LockSequences.ToArray(),
        };
    }
}
