using System.Buffers.Binary;
using System.Globalization;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>
/// The process's only inotify(7) queue, and the thread that reads it while anything is watched. The kernel limits the queues of each
/// user of the machine (to 128 by default), so neither clients nor stores may have their own.
/// </summary>
internal sealed unsafe class NotifyQueue
{
    // Frequent changes are reported once: the kernel merges equal events while they wait.
    private const int Rest = 10;
    private const int IdleTime = 30_000;
    private const int BufferSize = 64 * 1024;
    private const int MostReads = 16; // between two checks of leases
    private const int HeaderSize = 16; // struct inotify_event: watch, kind, cookie, length of the name
    private const string Settings = "/proc/sys/fs/inotify/";

    private readonly Lock _sync = new();
    private readonly Dictionary<int, IWatched[]> _watched = [];
    private FileDescriptor? _queue;
    private int _limit;

    /// <summary>The queue of the process.</summary>
    public static NotifyQueue OfProcess { get; } = new();

    /// <summary>Reports, on the same thread, leases that are to be broken.</summary>
    public LeaseSignals Leases { get; } = new();

    /// <summary>How many inodes are watched.</summary>
    public int Count
    {
        get
        {
            lock (_sync)
            {
                return _watched.Count;
            }
        }
    }

    /// <summary>Starts watching an inode.</summary>
    /// <param name="place">The inode.</param>
    /// <param name="events">The events to report; the same for every watcher of an inode.</param>
    /// <param name="who">The object to notify.</param>
    /// <param name="watch">The number with which the watch is ended.</param>
    /// <param name="problem">What the machine lacks, and what to do about it; null when the inode itself is the reason.</param>
    public bool TryAdd(FileDescriptor place, WatchEvents events, IWatched who, out int watch, out string? problem)
    {
        lock (_sync)
        {
            watch = -1;
            if (!TryStart(out problem))
            {
                return false;
            }

            watch = WatchCalls.AddWatch(_queue!, place, events, out var error);
            if (watch < 0)
            {
                problem = error switch
                {
                    Errno.NoSpace => Exhausted(
                        "The kernel has no more inotify watches for this user", "max_user_watches", Read("max_user_watches")),
                    Errno.NoMemory => "The machine has no memory for more inotify watches.",
                    _ => null,
                };
                return false;
            }

            var isKnown = _watched.TryGetValue(watch, out var others);
            if (!isKnown && _watched.Count >= _limit)
            {
                WatchCalls.RemoveWatch(_queue!, watch);
                problem = Exhausted(
                    "The server watches as many files and directories as it may, three quarters of what this user has", "max_user_watches",
                    Read("max_user_watches"));
                return false;
            }

            _watched[watch] = isKnown ? [.. others!, who] : [who];
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryAdd"/> began.</summary>
    public void Remove(int watch, IWatched who)
    {
        lock (_sync)
        {
            if (!_watched.TryGetValue(watch, out var all))
            {
                return;
            }

            var at = Array.IndexOf(all, who);
            if (at < 0)
            {
                return;
            }

            if (all.Length > 1)
            {
                _watched[watch] = [.. all.AsSpan(0, at), .. all.AsSpan(at + 1)];
                return;
            }

            _watched.Remove(watch);
            WatchCalls.RemoveWatch(_queue!, watch);
        }
    }

    private static int Read(string setting)
    {
        try
        {
            return int.TryParse(File.ReadAllText(Settings + setting), CultureInfo.InvariantCulture, out var value) ? value : int.MaxValue;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return int.MaxValue; // a container may hide it
        }
    }

    private static string Exhausted(string what, string setting, int value) => string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: fs.inotify.{setting} is {value}. Raise it (sysctl -w fs.inotify.{setting}={Math.Max(value, 1) * 4L}; to keep it, in /etc/sysctl.d).");

    private bool TryStart(out string? problem)
    {
        problem = null;
        if (_queue is not null)
        {
            return true;
        }

        var opened = WatchCalls.Start(WatchCalls.NonBlocking | WatchCalls.CloseOnExec);
        if (opened < 0)
        {
            problem = Native.LastError is Errno.TooManyFiles
                ? Exhausted(
                    "The kernel has no inotify queue left for this user, or the process no file descriptor", "max_user_instances",
                    Read("max_user_instances"))
                : $"The kernel gives no inotify queue (error {(int)Native.LastError}).";
            return false;
        }

        // Other programs of the same user need watches too.
        _limit = Math.Max(Read("max_user_watches") / 4 * 3, 1);
        var queue = new FileDescriptor(opened);
        _queue = queue;
        new Thread(() => Run(queue)) { IsBackground = true, Name = "SMB file watch" }.Start();
        return true;
    }

    private void Run(FileDescriptor queue)
    {
        var buffer = new byte[BufferSize];
        var round = new WatchRound();
        var entries = stackalloc PollEntry[2];
        Leases.Begin();
        while (true)
        {
            // Leases first: a program outside is waiting for them.
            entries[0] = new PollEntry { Descriptor = Leases.Descriptor, Wanted = WatchCalls.PollIn };
            entries[1] = new PollEntry { Descriptor = queue.Number, Wanted = WatchCalls.PollIn };
            var found = WatchCalls.Poll(entries, 2, round.IsEmpty ? IdleTime : Rest);
            if (found == 0 && round.IsEmpty && TryStop(queue))
            {
                return;
            }

            Leases.Read();

            var isEmpty = false;
            for (var i = 0; i < MostReads && !isEmpty; i++)
            {
                isEmpty = !ReadOnce(queue, buffer, round);
            }

            if (!isEmpty)
            {
                continue;
            }

            round.End();
            if (found > 0)
            {
                WatchCalls.Poll(entries, 1, Rest);
            }
        }
    }

    private bool TryStop(FileDescriptor queue)
    {
        lock (_sync)
        {
            if (_watched.Count > 0)
            {
                return false;
            }

            _queue = null;
            Leases.End();
            queue.Dispose();
            return true;
        }
    }

    private bool ReadOnce(FileDescriptor queue, byte[] buffer, WatchRound round)
    {
        nint length;
        fixed (byte* start = buffer)
        {
            length = WatchCalls.Read(queue, start, buffer.Length);
        }

        var rest = buffer.AsSpan(0, (int)Math.Max(length, 0));
        while (rest.Length >= HeaderSize)
        {
            var watch = BinaryPrimitives.ReadInt32LittleEndian(rest);
            var kind = (WatchEvents)BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            var cookie = BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]);
            var size = BinaryPrimitives.ReadInt32LittleEndian(rest[12..]);
            var name = rest.Slice(HeaderSize, size);
            rest = rest[(HeaderSize + size)..];
            var end = name.IndexOf((byte)0);
            Tell(watch, new WatchEvent(kind, cookie, end < 0 ? name : name[..end]), round);
        }

        return length > 0;
    }

    private void Tell(int watch, in WatchEvent happened, WatchRound round)
    {
        if (happened.IsAny(WatchEvents.Overflow))
        {
            LoseAll();
            return;
        }

        IWatched[]? listeners;
        lock (_sync)
        {
            // The kernel has ended the watch: its number no longer means anything.
            var known = happened.IsAny(WatchEvents.Ignored)
                ? _watched.Remove(watch, out listeners)
                : _watched.TryGetValue(watch, out listeners);
            if (!known)
            {
                return;
            }
        }

        foreach (var listener in listeners!)
        {
            try
            {
                listener.Hear(happened, round);
            }
            catch (Exception)
            {
                // A fault in one listener must neither end the process nor silence the others: it has lost events, and is told so.
                listener.Lose();
            }
        }
    }

    private void LoseAll()
    {
        IWatched[] all;
        lock (_sync)
        {
            all = [.. _watched.Values.SelectMany(static listeners => listeners)];
        }

        foreach (var listener in all)
        {
            listener.Lose();
        }
    }
}
