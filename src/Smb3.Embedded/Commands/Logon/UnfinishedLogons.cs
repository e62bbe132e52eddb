using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Logon;

/// <summary>
/// Bounds the logons that a connection has begun and not finished, each of which holds a session and an exchange for a possible stranger.
/// </summary>
internal static class UnfinishedLogons
{
    /// <summary>
    /// Makes room for one more: the oldest idle one gives way, because a client that has abandoned one never says so. False when none
    /// is idle.
    /// </summary>
    public static async ValueTask<bool> MakeRoomAsync(Connection connection, int limit)
    {
        if (connection.Sessions.Count < limit)
        {
            return true;
        }

        var unfinished = new List<Session>();
        foreach (var (_, session) in connection.Sessions)
        {
            if (session.State == SessionState.InProgress)
            {
                unfinished.Add(session);
            }
        }

        if (unfinished.Count < limit)
        {
            return true;
        }

        unfinished.Sort(static (one, other) => one.CreatedAt.CompareTo(other.CreatedAt));
        foreach (var session in unfinished)
        {
            // A step that begins now finds that another is in progress, and later that there is no such session.
            if (session.TryBeginSetup())
            {
                await session.EndAsync().ConfigureAwait(false);
                return true;
            }
        }

        return false;
    }
}
