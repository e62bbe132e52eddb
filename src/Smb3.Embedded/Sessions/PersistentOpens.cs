using System.Collections.Concurrent;
using Smb3.Embedded.Files.Journaling;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// The persistent opens (Open.IsPersistent), connected or not: how many there are, and which CREATE made them. Each takes room in the state
/// store and keeps others from its file while its client is away, so there is a limit for all users together and one for each.
/// </summary>
/// <param name="limit">The most of all users together.</param>
/// <param name="limitPerUser">The most of one user.</param>
internal sealed class PersistentOpens(int limit, int limitPerUser)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, int> _byUser = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<Guid, GlobalOpen> _byCreateGuid = new();
    private readonly HashSet<string> _refused = new(StringComparer.OrdinalIgnoreCase); // since they last got one
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Makes room for one more of a user; false if that would be too many. A true answer is followed by <see cref="Remove"/> when it ends, or by
    /// <see cref="Release"/> if it never comes to be.
    /// </summary>
    public bool TryReserve(DurableFacts owner, out bool isFirstRefusal)
    {
        var user = UserOf(owner);
        isFirstRefusal = false;
        lock (_sync)
        {
            if (_count >= limit || _byUser.GetValueOrDefault(user) >= limitPerUser)
            {
                isFirstRefusal = _refused.Add(user);
                return false;
            }

            _refused.Remove(user);

            Change(user, 1);
            return true;
        }
    }

    /// <summary>Makes room for one that an earlier process has granted, whether or not there are too many.</summary>
    public void Reserve(DurableFacts owner)
    {
        lock (_sync)
        {
            Change(UserOf(owner), 1);
        }
    }

    /// <summary>One that has room can be found by its create guid from here on.</summary>
    public void Add(GlobalOpen open)
    {
        if (open.Facts.CreateGuid is { } guid)
        {
            _byCreateGuid.AddOrUpdate(guid, open, (_, before) => before.IsAbandoned ? open : before);
        }
    }

    /// <summary>The one that a CREATE with this guid has made, whatever client sent it.</summary>
    public GlobalOpen? Find(Guid createGuid) => _byCreateGuid.GetValueOrDefault(createGuid) is { IsClosed: false } open ? open : null;

    /// <summary>One has ended.</summary>
    public void Remove(GlobalOpen open)
    {
        if (open.Facts.CreateGuid is { } guid)
        {
            _byCreateGuid.TryRemove(KeyValuePair.Create(guid, open));
        }

        if (open.TryGiveRoomBack())
        {
            Release(open.Facts);
        }
    }

    /// <summary>One that room was made for has not come to be.</summary>
    public void Release(DurableFacts owner)
    {
        lock (_sync)
        {
            Change(UserOf(owner), -1);
        }
    }

    private static string UserOf(DurableFacts owner) =>
        owner is { OwnerSid: { } sid, IsOwnerSidFromName: false } ? sid.ToString() : $"{owner.OwnerDomain}\\{owner.Owner}";

    private void Change(string user, int change)
    {
        _count += change;
        if (_byUser.GetValueOrDefault(user) + change is var left && left > 0)
        {
            _byUser[user] = left;
        }
        else
        {
            _byUser.Remove(user);
            _refused.Remove(user);
        }
    }
}
