using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Oplock;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Delivers the breaks of one open to its client (MS-SMB2 3.3.4.6 and 3.3.4.7). The break of an oplock goes over the newest channel of its
/// session, as in Windows, or first over the connection on which the file was opened, as in the specification; a lease belongs to the
/// client, and its breaks go over the client's oldest connection.
/// </summary>
internal sealed class BreakNotifier(TreeConnect tree, Connection connection, Smb2FileId fileId) : IBreakSink, IBreakRoute
{
    // What is needed of the connection, but not the connection itself: an open may outlive the connection that it was made on.
    private readonly AnnouncementGate _announcements = connection.Announcements;
    private readonly ulong _openedOn = connection.Id;
    private readonly Client? _client = connection.Client;
    private readonly Lock _sync = new();
    private List<(CacheBreak Notice, CacheGrant Grant)>? _early;
    private volatile bool _announced;

    /// <inheritdoc/>
    public bool IsAnnounced => _announced;

    /// <inheritdoc/>
    public bool IsAwaited => false;

    /// <summary>The connections of the session, the oldest first.</summary>
    public IEnumerable<Connection> Channels => tree.Session.Channels.Select(static channel => channel.Connection).OrderBy(static one => one.Id);

    /// <summary>The client, which owns the lease if there is one.</summary>
    public Client? Client => _client;

    /// <summary>Whether messages to the session are encrypted, in which case only its own channels can carry them.</summary>
    public bool Seals => tree.Session.EncryptData || tree.EncryptData;

    private bool FollowsSpecification => tree.Session.Graph.Settings.RetryOplockBreaks;

    bool IBreakRoute.Retries => FollowsSpecification;

    /// <summary>
    /// The response has its place in the order of messages to the client, which knows the open from there on: breaks go out behind it.
    /// <see cref="SendEarly()"/> follows.
    /// </summary>
    public void Announce()
    {
        lock (_sync)
        {
            _announced = true;
            if (_early is not null)
            {
                _announcements.Begin();
            }
        }
    }

    /// <summary>Sends the breaks that came before <see cref="Announce"/>.</summary>
    public void SendEarly()
    {
        List<(CacheBreak Notice, CacheGrant Grant)>? early;
        lock (_sync)
        {
            (early, _early) = (_early, null);
        }

        if (early is null)
        {
            return;
        }

        try
        {
            foreach (var (notice, grant) in early)
            {
                if (grant.TryBeginSend(notice))
                {
                    SendEarly(notice, grant);
                }
            }
        }
        finally
        {
            _announcements.End();
        }
    }

    private void SendEarly(in CacheBreak notice, CacheGrant grant)
    {
        try
        {
            // If it cannot be sent, the connection is ending, and the open with it.
            _ = SendNow(notice, grant);
        }
        finally
        {
            grant.EndSend();
        }
    }

    public bool Send(in CacheBreak notice, CacheGrant grant)
    {
        lock (_sync)
        {
            if (!_announced)
            {
                (_early ??= []).Add((notice, grant));
                return true;
            }
        }

        return SendNow(notice, grant);
    }

    /// <inheritdoc/>
    public void Settled(LeaseIdentity? lease) => TellChange(lease);

    /// <inheritdoc/>
    public bool TryClose()
    {
        if (!tree.Session.Opens.TryGet(fileId, out var open))
        {
            // The session is ending, and the open with it: an open that is asked to give something up does not outlive its session.
            return true;
        }

        if (open is FileHandle { Global.Kind: DurableKind.Resilient or DurableKind.Persistent })
        {
            // It stays whatever other opens need, and only loses its caching.
            return false;
        }

        _ = Task.Run(async () =>
        {
            try
            {
                await open.EndAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The store could not close the file: the open has left the session all the same, and nothing waits for more than that.
                tree.Session.Graph.Fault?.Invoke(e);
            }
        });
        return true;
    }

    IEnumerable<Connection> IBreakRoute.Connections() => FollowsSpecification
        ? Channels.OrderBy(one => one.Id != _openedOn)
        : Channels.OrderByDescending(static one => one.Id);

    /// <summary>Sends over a connection; <see langword="null"/> when it has ended, or the session has.</summary>
    public SentMark? TrySend(Connection connection, ReadOnlySpan<byte> message)
    {
        // Notifications are not signed (MS-SMB2 3.3.4.1.1), but a session or share that encrypts encrypts them too.
        var session = tree.Session;
        if (!session.TryUse())
        {
            return null;
        }

        try
        {
            return connection.Notifications?.TrySend(message, Seals ? session : null, tree.Share.Guard);
        }
        finally
        {
            session.Release();
        }
    }

    private void TellChange(LeaseIdentity? lease) =>
        tree.Session.Graph.Changes.TellCaching(tree.Session, fileId.Persistent, lease);

    private bool SendNow(in CacheBreak notice, CacheGrant grant)
    {
        Span<byte> message = stackalloc byte[Smb2Header.Size + LeaseBreakNotification.FixedSize];
        message = message[..Write(message, notice)];
        TellChange(notice.Lease);
        var sent = notice;
        var delivery = new BreakDelivery(
            message.ToArray(), notice.Lease is null ? this : new LeaseBreakRoute(grant), tree.Session.Graph.Settings.TimeProvider, notice.MustAnswer ? () => grant.Awaits(sent) : null);
        grant.Progress = delivery;
        return delivery.Begin();
    }

    private int Write(Span<byte> message, in CacheBreak notice)
    {
        Smb2Header.WriteSync(
            message, Smb2Command.OplockBreak, NtStatus.Success, Smb2HeaderFlags.None, 0, 0, Smb2Header.UnsolicitedMessageId, 0, 0, 0);
        var body = message[Smb2Header.Size..];
        if (notice.Lease is { } lease)
        {
            LeaseBreakNotification.Write(
                body, lease.Key, (Smb2LeaseState)notice.From, (Smb2LeaseState)notice.To, notice.Epoch, notice.MustAnswer);
            return Smb2Header.Size + LeaseBreakNotification.FixedSize;
        }

        var level = (notice.To & CacheState.Read) != 0 ? Smb2OplockLevel.LevelII : Smb2OplockLevel.None;
        OplockBreakResponse.Write(body, level, fileId);
        return Smb2Header.Size + OplockBreakResponse.FixedSize;
    }
}
