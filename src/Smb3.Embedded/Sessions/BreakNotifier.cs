using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Oplock;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Takes the breaks of one open to its client: over the connection on which it was opened, or over another channel of its session when
/// that one is gone (MS-SMB2 3.3.4.6 and 3.3.4.7); those of a lease over the first connection of the client.
/// </summary>
internal sealed class BreakNotifier(TreeConnect tree, Connection connection, Smb2FileId fileId) : IBreakSink
{
    private readonly Lock _sync = new();
    private List<CacheBreak>? _early;
    private bool _announced;

    /// <summary>The client knows the open from here on: breaks that came before its response follow it.</summary>
    public void Announce()
    {
        List<CacheBreak>? early;
        lock (_sync)
        {
            _announced = true;
            (early, _early) = (_early, null);
        }

        foreach (var notice in early ?? [])
        {
            // When it does not get out, its connection is ending, and the open with it.
            _ = SendNow(notice);
        }
    }

    public bool Send(in CacheBreak notice)
    {
        lock (_sync)
        {
            if (!_announced)
            {
                (_early ??= []).Add(notice);
                return true;
            }
        }

        return SendNow(notice);
    }

    private bool SendNow(in CacheBreak notice)
    {
        Span<byte> message = stackalloc byte[Smb2Header.Size + LeaseBreakNotification.FixedSize];
        message = message[..Write(message, notice)];

        // Notifications are not signed (MS-SMB2 3.3.4.1.1), but a session or share that encrypts encrypts them too.
        var session = tree.Session;
        if (!session.TryUse())
        {
            return false;
        }

        try
        {
            var sealedFor = session.EncryptData || tree.EncryptData ? session : null;
            if (notice.Lease is not null && sealedFor is null && connection.Client is { } client)
            {
                // A lease is the client's, not the session's: its oldest connection carries all its breaks.
                foreach (var one in client.Connections.OrderBy(c => c.Id))
                {
                    if (Sends(one, message, null))
                    {
                        return true;
                    }
                }

                return false;
            }

            if (Sends(connection, message, sealedFor))
            {
                return true;
            }

            foreach (var channel in session.Channels)
            {
                if (channel.Connection != connection && Sends(channel.Connection, message, sealedFor))
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            session.Release();
        }
    }

    private static bool Sends(Connection connection, ReadOnlySpan<byte> message, Session? sealedFor) =>
        connection.Notifications is { } sender && sender.TrySend(message, sealedFor);

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
