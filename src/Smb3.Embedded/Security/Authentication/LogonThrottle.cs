using System.Net;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// Remembers failed logons and says how long to hold the answer back and when to refuse at once. Bounded; time comes from outside;
/// safe for concurrent use. A success forgets the user's failures but not the address's, so that one known password does
/// not buy tries at others.
/// </summary>
internal sealed class LogonThrottle(LogonThrottleOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Record>> _records = new(StringComparer.OrdinalIgnoreCase);
    private readonly LinkedList<Record> _byLastFailure = new(); // the oldest first

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _records.Count;
            }
        }
    }

    /// <summary>False: refuse without looking at the credentials. An address or a user that is not known (yet) is null.</summary>
    public bool Admits(IPAddress? address, string? userName)
    {
        lock (_lock)
        {
            ForgetOld();
            return Failures(AddressKey(address)) < (options.FailuresPerAddress ?? int.MaxValue)
                && Failures(UserKey(userName)) < (options.FailuresPerUser ?? int.MaxValue);
        }
    }

    /// <summary>Counts a failure and gives the time for which the answer is to be held back.</summary>
    public TimeSpan RecordFailure(IPAddress? address, string? userName)
    {
        lock (_lock)
        {
            ForgetOld();
            return DelayAfter(Math.Max(Count(AddressKey(address)), Count(UserKey(userName))));
        }

        int Count(string? key) => key is null ? 0 : AddFailure(key);
    }

    public void RecordSuccess(string userName)
    {
        lock (_lock)
        {
            if (UserKey(userName) is { } key && _records.TryGetValue(key, out var node))
            {
                Forget(node);
            }
        }
    }

    private static string? AddressKey(IPAddress? address) => address is null ? null : "@" + ClientNetwork.Of(address);

    // Cut, as the client chooses how long the name is and the table must stay small.
    private static string? UserKey(string? userName) =>
        string.IsNullOrEmpty(userName) ? null : "u" + userName[..Math.Min(userName.Length, 256)];

    private int Failures(string? key) => key is not null && _records.TryGetValue(key, out var node) ? node.Value.Failures : 0;

    private int AddFailure(string key)
    {
        if (_records.TryGetValue(key, out var node))
        {
            _byLastFailure.Remove(node);
        }
        else
        {
            if (_records.Count >= Math.Max(options.MaximumEntries, 1))
            {
                Forget(_byLastFailure.First!);
            }

            node = new LinkedListNode<Record>(new Record(key));
            _records.Add(key, node);
        }

        _byLastFailure.AddLast(node);
        node.Value.LastFailure = time.GetTimestamp();
        return ++node.Value.Failures;
    }

    private TimeSpan DelayAfter(int failures)
    {
        if (failures == 0 || options.FirstDelay <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        var milliseconds = options.FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30));
        return milliseconds < options.MaximumDelay.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : options.MaximumDelay;
    }

    private void ForgetOld()
    {
        while (_byLastFailure.First is { } oldest && time.GetElapsedTime(oldest.Value.LastFailure) >= options.Window)
        {
            Forget(oldest);
        }
    }

    private void Forget(LinkedListNode<Record> node)
    {
        _byLastFailure.Remove(node);
        _records.Remove(node.Value.Key);
    }

    private sealed class Record(string key)
    {
        public string Key { get; } = key;

        public long LastFailure { get; set; }

        public int Failures { get; set; }
    }
}
