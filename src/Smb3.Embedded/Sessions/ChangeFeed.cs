using Smb3.Embedded.Files.Caching;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Tells watchers of the graph's changes, each through its own bounded queue. While no one watches, a change costs one read of a field.
/// </summary>
internal sealed class ChangeFeed(TimeProvider time)
{
    private readonly Lock _sync = new();
    private volatile ChangeQueue[] _watchers = [];
    private bool _completed;

    private bool IsWatched => _watchers.Length > 0;

    /// <summary>Begins a watch; its first change is a <see cref="SmbChangeKind.Resync"/>.</summary>
    public ChangeQueue Watch(int capacity)
    {
        var queue = new ChangeQueue(this, time, capacity);
        lock (_sync)
        {
            if (_completed)
            {
                queue.Complete();
            }
            else
            {
                _watchers = [.. _watchers, queue];
            }
        }

        return queue;
    }

    /// <summary>Ends every watch, for good.</summary>
    public void Complete()
    {
        ChangeQueue[] watchers;
        lock (_sync)
        {
            _completed = true;
            (watchers, _watchers) = (_watchers, []);
        }

        foreach (var watcher in watchers)
        {
            watcher.Complete();
        }
    }

    internal void Remove(ChangeQueue queue)
    {
        lock (_sync)
        {
            _watchers = [.. _watchers.Where(watcher => watcher != queue)];
        }
    }

    public void Tell(SmbChangeKind kind, Client client)
    {
        if (IsWatched)
        {
            Tell(new SmbChange(kind, time.GetUtcNow()) { ClientGuid = client.ClientGuid });
        }
    }

    public void Tell(SmbChangeKind kind, Connection connection)
    {
        if (IsWatched)
        {
            Tell(new SmbChange(kind, time.GetUtcNow()) { ConnectionId = connection.Id, ClientGuid = connection.Client?.ClientGuid });
        }
    }

    public void Tell(SmbChangeKind kind, Session session)
    {
        if (IsWatched)
        {
            Tell(new SmbChange(kind, time.GetUtcNow()) { SessionId = session.SessionId, ClientGuid = GuidOf(session) });
        }
    }

    public void Tell(SmbChangeKind kind, Channel channel)
    {
        if (IsWatched)
        {
            Tell(new SmbChange(kind, time.GetUtcNow())
            {
                SessionId = channel.Session.SessionId,
                ConnectionId = channel.Connection.Id,
                ClientGuid = GuidOf(channel.Session),
            });
        }
    }

    public void Tell(SmbChangeKind kind, Open open)
    {
        if (IsWatched)
        {
            Tell(new SmbChange(kind, time.GetUtcNow())
            {
                OpenId = open.FileId.Persistent,
                SessionId = open.Session.SessionId,
                ClientGuid = GuidOf(open.Session),
            });
        }
    }

    /// <summary>A change of an open that has no session.</summary>
    public void Tell(SmbChangeKind kind, GlobalOpen open)
    {
        if (IsWatched)
        {
            Tell(new SmbChange(kind, time.GetUtcNow())
            {
                OpenId = open.PersistentId,
                ClientGuid = open.ClientGuid,
                LeaseKey = kind == SmbChangeKind.CachingChanged ? open.File.Grant?.Lease?.Key : null,
            });
        }
    }

    /// <summary>What an open may cache has changed, or will have to.</summary>
    public void TellCaching(Session session, ulong openId, LeaseIdentity? lease)
    {
        if (IsWatched)
        {
            Tell(new SmbChange(SmbChangeKind.CachingChanged, time.GetUtcNow())
            {
                OpenId = openId,
                SessionId = session.SessionId,
                ClientGuid = lease?.ClientGuid ?? GuidOf(session),
                LeaseKey = lease?.Key,
            });
        }
    }

    private static Guid? GuidOf(Session session) => session.Origin.ClientGuid;

    private void Tell(SmbChange change)
    {
        foreach (var watcher in _watchers)
        {
            watcher.Add(change);
        }
    }
}
