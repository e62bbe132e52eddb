using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Dispatch;

/// <summary>The sessions and channels whose keys a chain needs: they outlive its responses, whatever ends in the meantime.</summary>
internal sealed class KeyUses
{
    private readonly List<Session> _sessions = [];
    private readonly List<Channel> _channels = [];

    /// <summary>Takes over a use that has begun already.</summary>
    public void Add(Session session) => _sessions.Add(session);

    /// <summary>Keeps the keys of a session; false when it has ended.</summary>
    public bool TryUse(Session session)
    {
        if (_sessions.Contains(session))
        {
            return true;
        }

        if (!session.TryUse())
        {
            return false;
        }

        _sessions.Add(session);
        return true;
    }

    /// <summary>Keeps the key of a channel; false when it has ended.</summary>
    public bool TryUse(Channel channel)
    {
        if (_channels.Contains(channel))
        {
            return true;
        }

        if (!channel.TryUse())
        {
            return false;
        }

        _channels.Add(channel);
        return true;
    }

    public void Release()
    {
        foreach (var channel in _channels)
        {
            channel.Release();
        }

        _channels.Clear();
        foreach (var session in _sessions)
        {
            session.Release();
        }

        _sessions.Clear();
    }
}
