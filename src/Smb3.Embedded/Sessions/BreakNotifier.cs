using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions.Durability;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Oplock;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Takes the breaks of one open to its client (MS-SMB2 3.3.4.6 and 3.3.4.7). An oplock's break goes over the newest channel of its
/// session, as Windows does it, or first over the connection on which it was opened, as the specification has it; a lease is the
/// client's, and its breaks go over the oldest connection of the client.
/// </summary>
internal sealed class BreakNotifier(TreeConnect tree, Connection connection, Smb2FileId fileId) : IBreakSink, IBreakRoute
{
    // What is needed of the connection, but not itself: an open may outlive the one that it was made on.
    private readonly AnnouncementGate _announcements = connection.Announcements;
    private readonly ulong _openedOn = connection.Id;
    private readonly Client? _client = connection.Client;
    private readonly Lock _sync = new();
    private List<(CacheBreak Notice, CacheGrant Grant)>? _early;
    private volatile BreakDelivery? _last;
    private bool _announced;

    /// <inheritdoc/>
    public bool IsUnreachable => _last is { IsUnreachable: true };

    private bool IsLease { get; set; }

    private bool FollowsSpecification => tree.Session.Graph.Settings.RetryOplockBreaks;

    bool IBreakRoute.Retries => IsLease || FollowsSpecification;

    /// <summary>
    /// The response has its place among all that goes to the client, which knows the open from there on: breaks go out behind it.
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
            // When it does not get out, its connection is ending, and the open with it.
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
            // Its session is ending, and it with it: an open that is asked to give something up does not outlive that.
            return true;
        }

        if (open is FileHandle { Global.Grant.Kind: DurableKind.Resilient })
        {
            // It stays whatever others want, and only loses its caching.
            return false;
        }

        _ = Task.Run(async () =>
        {
            try
            {
                await open.EndAsync().ConfigureAwait(false);
            }
            catch (Exception)
            {
                // A store that cannot close: the open is gone from the session all the same, and nobody waits for more.
            }
        });
        return true;
    }

    IEnumerable<Connection> IBreakRoute.Connections()
    {
        var session = tree.Session;
        var channels = session.Channels.Select(channel => channel.Connection);
        if (!IsLease)
        {
            return FollowsSpecification
                ? channels.OrderBy(one => one.Id != _openedOn).ThenBy(one => one.Id)
                : channels.OrderByDescending(one => one.Id);
        }

        // What is encrypted for a session, only its own channels can take.
        return Seals || _client is not { } client
            ? channels.OrderBy(one => one.Id)
            : client.Connections.Where(one => one.Authenticated).OrderBy(one => one.Id);
    }

    SentMark? IBreakRoute.TrySend(Connection connection, ReadOnlySpan<byte> message)
    {
        // Notifications are not signed (MS-SMB2 3.3.4.1.1), but a session or share that encrypts encrypts them too.
        var session = tree.Session;
        if (!session.TryUse())
        {
            return null;
        }

        try
        {
            return connection.Notifications?.TrySend(message, Seals ? session : null);
        }
        finally
        {
            session.Release();
        }
    }

    private bool Seals => tree.Session.EncryptData || tree.EncryptData;

    private void TellChange(LeaseIdentity? lease) =>
        tree.Session.Graph.Changes.TellCaching(tree.Session, fileId.Persistent, lease);

    private bool SendNow(in CacheBreak notice, CacheGrant grant)
    {
        Span<byte> message = stackalloc byte[Smb2Header.Size + LeaseBreakNotification.FixedSize];
        message = message[..Write(message, notice)];
        IsLease = notice.Lease is not null;
        TellChange(notice.Lease);
        var sent = notice;
        var delivery = new BreakDelivery(
            message.ToArray(), this, tree.Session.Graph.Settings.TimeProvider, notice.MustAnswer ? () => grant.Awaits(sent) : null);
        _last = delivery;
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
