using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Logon;

/// <summary>
/// Bounds the logons that a connection has begun and not finished, each of which holds a session and an exchange for who may be a stranger.
/// </summary>
internal static class UnfinishedLogons
{
    /// <summary>
    /// Makes room for one more: the oldest that is not at work gives way, as a client that has let one go never says so. False when all
    /// are at work.
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
            // Who begins a step here finds that one is under way, and then that there is no such session.
            if (session.TryBeginSetup())
            {
                await session.EndAsync().ConfigureAwait(false);
                return true;
            }
        }

        return false;
    }
}
