using System.Diagnostics;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// An open that is known beyond its session, because it may outlive the session or be named by a create guid or an application instance: an
/// entry of GlobalOpenTable (MS-SMB2 3.3.1.10). While it has no connection it belongs to its table alone, which ends it when its time is up
/// or when another open needs the file.
/// </summary>
internal sealed class GlobalOpen : IBreakSink, IOpenHolder
{
    private readonly GlobalOpenTable _table;
    private readonly Lock _sync = new();
    private FileHandle? _handle;
    private ChannelSequence? _former;
    private bool _waits;
    private long _waitsSince;
    private ITimer? _timer;
    private int _replayable = 1;
    private int _hasGivenRoomBack;
    private TaskCompletionSource? _lost;
    private Ending _ending;
    private bool _closed;
    private bool _gone;

    /// <summary>An open of a session. What is known of it has been set at its file (<see cref="OpenState.SetDurable"/>).</summary>
    public GlobalOpen(GlobalOpenTable table, FileHandle handle, CreateClaim? claim)
    {
        _table = table;
        _handle = handle;
        File = handle.File;
        Owner = handle.Session.Token!;
        Claim = claim;
    }

    /// <summary>An open left by an earlier process, recreated: from here on it waits for its client.</summary>
    public GlobalOpen(GlobalOpenTable table, FileOpen file, SecurityToken owner, CreateClaim? claim)
    {
        _table = table;
        File = file;
        Owner = owner;
        Claim = claim;
        if (Kind == DurableKind.Persistent)
        {
            table.Persistent.Reserve(Facts);
        }

        Wait();
    }

    /// <summary>The first lock in the order: taken before the file's lock, never while that one is held.</summary>
    private Lock Sync
    {
        get
        {
            Debug.Assert(!FileObject.Sync.IsHeldByCurrentThread, "The lock of an open that is known beyond its session is taken before its file's.");
            return _sync;
        }
    }

    public FileOpen File { get; }

    private FileObject FileObject => File.File;

    /// <summary>What is known of it beyond its session. Replaced as a whole, by <see cref="OpenState.SetDurable"/> alone.</summary>
    public DurableFacts Facts => File.State.Durable!;

    public ulong PersistentId => Facts.PersistentId;

    /// <summary>What lets it outlive its connection.</summary>
    public DurableKind Kind => Facts.Kind;

    public string Share => Facts.Share;

    /// <summary>The application that opened it.</summary>
    public AppInstance? Application => Facts.Application;

    public Guid ClientGuid => File.State.ClientGuid;

    /// <summary>The user who opened it (Open.DurableOwner).</summary>
    public SecurityToken Owner { get; }

    /// <summary>The claim on its create guid, if it has one.</summary>
    public CreateClaim? Claim { get; }

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

    /// <inheritdoc/>
    public bool IsLeaving => false;

    /// <inheritdoc/>
    public bool IsAwaited => Kind == DurableKind.Persistent;

    /// <summary>Whether it has no connection and waits for its client.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (Sync)
            {
                return _waits && !_closed;
            }
        }
    }

    /// <summary>The same, even if it has since begun to close.</summary>
    public bool WasWaiting
    {
        get
        {
            lock (Sync)
            {
                return _waits;
            }
        }
    }

    /// <summary>How much longer it waits for its client; <see langword="null"/> while it has a connection.</summary>
    public TimeSpan? TimeLeft
    {
        get
        {
            lock (Sync)
            {
                return !_waits ? null : Facts.Timeout - _table.Time.GetElapsedTime(_waitsSince) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Whether its file is another server's now, which has its own entry for it.</summary>
    public bool IsAbandoned => File.Volume.Fence.IsUp;

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
    /// other open uses the file that could run into locks without an owner. None does when the files are another server's: it waits there.
    /// </summary>
    public bool CanDisconnect => !IsAbandoned && Kind switch
    {
        DurableKind.Resilient or DurableKind.Persistent => true,
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

    /// <summary>The room that was made for it is free again; false when it has been before.</summary>
    public bool TryGiveRoomBack() => Interlocked.Exchange(ref _hasGivenRoomBack, 1) == 0;

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
        else if (Kind == DurableKind.Resilient && File.Grant is { } grant && grant.IsOnlyFor(File))
        {
            // A break that was on its way over the lost connection will not be answered.
            grant.File.Caching.GiveUp(grant);
        }

        lock (Sync)
        {
            if (_handle is null && !IsAwaited)
            {
                File.Holder = null;
            }

            if (!_closed)
            {
                _lost?.TrySetResult();
                _lost = null;
            }
        }

        FileObject.HolderChanged();
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
            if (_closed || !_waits)
            {
                return null;
            }

            _waits = false;
            _former = null;
            _timer?.Dispose();
            _timer = null;
            File.BreakSink = sink;
            _handle = new FileHandle(id, tree, channelSequence, File)
            {
                Global = this,
            };
            File.File.SetHolder(File, _handle);
            if (File.Grant is { } grant && File.File.Caching.Remind(grant) is { } notice)
            {
                // Behind the answer; and what the answer did not wait for may not be safe yet.
                if (grant.IsKept && grant.File.KeptBreaks is { } kept)
                {
                    _ = kept.RemindAsync(sink, grant, notice);
                }
                else
                {
                    sink.Send(notice, grant);
                }
            }

            _table.Release(this);
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
            if (_handle is not null || (!_waits && !_ending.HasBegun))
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

        _table.Release(this);
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
    /// waiting for; a resilient one stays and loses its caching; a persistent one stays and has it until its client is back to be asked.
    /// </summary>
    public bool Send(in CacheBreak notice, CacheGrant grant) => TryClose();

    /// <inheritdoc/>
    public bool IsAnnounced => true;

    /// <inheritdoc/>
    public bool TryClose()
    {
        if (Kind != DurableKind.Durable)
        {
            return false;
        }

        CloseInBackground();
        return true;
    }

    public void Settled(LeaseIdentity? lease) => _table.Changed(SmbChangeKind.CachingChanged, this);

    private void Wait()
    {
        _waits = true;
        _waitsSince = _table.Time.GetTimestamp();
        File.BreakSink = this;
        if (IsAwaited)
        {
            File.File.SetHolder(File, this);
        }

        _timer = _table.Time.CreateTimer(
            static state => ((GlobalOpen)state!).CloseInBackground(), this, Facts.Timeout, Timeout.InfiniteTimeSpan);
        _table.Waits(this);
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
}
