using System.Diagnostics;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>
/// A directory that clients watch, alone or with everything below it; serves all clients that watch it in the same way. It ends when the
/// directory is deleted or leaves the share: clients are told nothing about what lies outside.
/// </summary>
/// <param name="share">The root of the share, which this object holds until it ends; the caller has entered it.</param>
/// <param name="root">The directory; this object owns it.</param>
/// <param name="path">The path by which clients know it.</param>
/// <param name="withTree">Whether everything below it is watched too.</param>
/// <param name="shortages">Told about resources that the machine lacks.</param>
/// <param name="ended">Called once when this object has ended.</param>
internal sealed class WatchedTree(
    LinuxRoot share, FileDescriptor root, StorePath path, bool withTree, Shortages shortages, Action<WatchedTree> ended)
    : IRoundListener, IDisposable
{
    // When directories arrive with contents, this many names are reported; beyond that, clients are told to rescan.
    private const int MostFound = 10_000;

    private const ChangeFilter Data = ChangeFilter.Size | ChangeFilter.LastWrite;
    private const ChangeFilter Nature = ChangeFilter.Attributes | ChangeFilter.Security | ChangeFilter.LastWrite | ChangeFilter.LastAccess
        | ChangeFilter.Creation | ChangeFilter.Ea;

    private static readonly TimeSpan LongStart = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan DeafTime = TimeSpan.FromSeconds(30);

    private readonly Lock _sync = new();
    private readonly List<WatchedDirectory> _withFound = [];
    private Action<StoreChange?>[] _listeners = [];
    private WatchedDirectory? _top;
    private UpperWatch? _upper;
    private Departure? _departure;
    private Timer? _deaf;
    private int _found;
    private bool _isLooking;
    private bool _mustLookAgain;
    private bool _countsLinks;
    private bool _hasEnded;

    /// <summary>The bytes of a disk name that is kept as a string with one character per byte.</summary>
    public static byte[] ToBytes(string name) => Encoding.Latin1.GetBytes(name);

    /// <summary>Adds a listener; false when the watch has ended.</summary>
    public bool TryAdd(Action<StoreChange?> listener)
    {
        lock (_sync)
        {
            if (!_hasEnded)
            {
                _listeners = [.. _listeners, listener];
            }

            return !_hasEnded;
        }
    }

    /// <summary>Removes a listener; the watch ends with the last one.</summary>
    public void Remove(Action<StoreChange?> listener)
    {
        lock (_sync)
        {
            var at = Array.IndexOf(_listeners, listener);
            if (at >= 0)
            {
                _listeners = [.. _listeners.AsSpan(0, at), .. _listeners.AsSpan(at + 1)];
            }

            if (_listeners.Length == 0)
            {
                End();
            }
        }
    }

    /// <summary>Starts watching; false when the directory cannot be watched.</summary>
    public bool Start()
    {
        lock (_sync)
        {
            if (_hasEnded || InodeCalls.Stat(root, out var stat) != 0)
            {
                return false;
            }

            _countsLinks = stat.Links > 0;
            var top = new WatchedDirectory(this, null, string.Empty, InodeKey.Of(stat));
            if (!TryWatch(top, root, out _))
            {
                return false;
            }

            _top = top;
            _upper = path.IsRoot ? null : UpperWatch.Start(this, root);
        }

        return !withTree || Look(isFirst: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_sync)
        {
            Leave();
        }
    }

    /// <summary>Handles an event in a directory, or one that concerns the directory itself.</summary>
    public void Hear(WatchedDirectory directory, in WatchEvent happened, WatchRound round)
    {
        lock (_sync)
        {
            if (_hasEnded || directory.IsGone || (round.Add(this) && !IsStillHere()))
            {
                return;
            }

            if (happened.Name.IsEmpty)
            {
                HearOfItself(directory, happened);
            }
            else if (!ReservedNames.Is(happened.Name))
            {
                HearOfEntry(directory, happened);
            }
        }
    }

    /// <summary>Ends the watch if the directory has been deleted or has left the share.</summary>
    public void Check()
    {
        lock (_sync)
        {
            if (!_hasEnded)
            {
                IsStillHere();
            }
        }
    }

    /// <summary>Handles dropped events: clients are told to rescan, and this object must rescan too.</summary>
    public void Lose()
    {
        lock (_sync)
        {
            if (_hasEnded)
            {
                return;
            }

            Tell(null);
            LookLater();
        }
    }

    /// <inheritdoc/>
    public bool EndRound()
    {
        lock (_sync)
        {
            foreach (var directory in _withFound)
            {
                directory.Found = null;
            }

            _withFound.Clear();
            _found = 0;
            if (_departure is not { } departure)
            {
                return false;
            }

            // The other half of a move may be on its way.
            if (!departure.HasWaited)
            {
                _departure = departure with { HasWaited = true };
                return true;
            }

            EndDeparture();
            return false;
        }
    }

    /// <summary>Adds a directory that was found in another; null when it is not watched.</summary>
    public WatchedDirectory? Meet(WatchedDirectory parent, string name, FileDescriptor found, out bool isExhausted)
    {
        lock (_sync)
        {
            isExhausted = false;
            if (_hasEnded || parent.IsGone || InodeCalls.Stat(found, out var stat) != 0)
            {
                return null;
            }

            var inode = InodeKey.Of(stat);
            if (parent.Child(name) is { } known)
            {
                if (known.Inode == inode)
                {
                    return known;
                }

                Drop(known);
            }

            var made = new WatchedDirectory(this, parent, name, inode);
            if (!TryWatch(made, found, out isExhausted))
            {
                return null;
            }

            parent.Add(made);
            return made;
        }
    }

    /// <summary>Drops directories that are no longer where they were.</summary>
    public void Forget(WatchedDirectory parent, FileDescriptor opened, HashSet<string> seen)
    {
        lock (_sync)
        {
            foreach (var child in parent.Children.Where(child => !seen.Contains(child.Name)).ToArray())
            {
                using var there = WatchCalls.OpenChild(opened, [.. ToBytes(child.Name), 0], out _);
                if (there is null || InodeCalls.Stat(there, out var stat) != 0 || InodeKey.Of(stat) != child.Inode)
                {
                    Drop(child);
                }
            }
        }
    }

    /// <summary>Reports an entry that was already in a directory when the directory appeared; false when there were too many.</summary>
    public bool TellFound(WatchedDirectory directory, string name, bool isDirectory)
    {
        if (++_found > MostFound)
        {
            return false;
        }

        if (directory.Found is null)
        {
            directory.Found = [];
            _withFound.Add(directory);
        }

        directory.Found.Add(name);
        Tell(ChangeAction.Added, directory, name, KindOf(isDirectory));
        return true;
    }

    private static ChangeFilter KindOf(bool isDirectory) => isDirectory ? ChangeFilter.DirectoryName : ChangeFilter.FileName;

    private void HearOfItself(WatchedDirectory directory, in WatchEvent happened)
    {
        if (happened.IsAny(WatchEvents.Ignored | WatchEvents.Unmount))
        {
            if (directory == _top)
            {
                Leave();
                return;
            }

            if (happened.IsAny(WatchEvents.Unmount))
            {
                Tell(null);
            }

            Drop(directory);
        }
        else if (directory == _top && happened.IsAny(WatchEvents.MoveSelf | WatchEvents.DeleteSelf) && IsStillHere() && !path.IsRoot)
        {
            _upper?.Dispose();
            _upper = UpperWatch.Start(this, root);
        }
    }

    private void HearOfEntry(WatchedDirectory directory, in WatchEvent happened)
    {
        var name = Encoding.Latin1.GetString(happened.Name);
        if (happened.IsAny(WatchEvents.MovedTo) && _departure is { } from && from.Cookie == happened.Cookie)
        {
            _departure = null;
            Arrive(from, directory, name);
            return;
        }

        EndDeparture();
        if (happened.IsAny(WatchEvents.MovedFrom))
        {
            _departure = new Departure(directory, name, happened.Cookie, happened.IsDirectory, HasWaited: false);
        }
        else if (happened.IsAny(WatchEvents.Create | WatchEvents.MovedTo))
        {
            if (directory.Found?.Remove(name) != true)
            {
                Tell(ChangeAction.Added, directory, name, KindOf(happened.IsDirectory));
                Enter(directory, name, happened.IsDirectory);
            }
        }
        else if (happened.IsAny(WatchEvents.Delete))
        {
            Tell(ChangeAction.Removed, directory, name, KindOf(happened.IsDirectory));
            DropChild(directory, name);
        }
        else if (happened.IsAny(WatchEvents.Modify | WatchEvents.Attributes))
        {
            Tell(ChangeAction.Modified, directory, name, happened.IsAny(WatchEvents.Modify) ? Data : Nature);
        }
    }

    private void Arrive(Departure from, WatchedDirectory directory, string name)
    {
        var stays = from.From == directory;
        var kind = KindOf(from.IsDirectory);
        Tell(stays ? ChangeAction.RenamedOldName : ChangeAction.Removed, from.From, from.Name, kind);
        Tell(stays ? ChangeAction.RenamedNewName : ChangeAction.Added, directory, name, kind);
        DropChild(directory, name); // the entry that was replaced
        if (from.From.IsGone || directory.IsGone || from.From.Child(from.Name) is not { } moved)
        {
            Enter(directory, name, from.IsDirectory);
        }
        else
        {
            moved.Move(directory, name);
        }
    }

    private void EndDeparture()
    {
        if (_departure is { } departure)
        {
            _departure = null;
            Tell(ChangeAction.Removed, departure.From, departure.Name, KindOf(departure.IsDirectory));
            DropChild(departure.From, departure.Name);
        }
    }

    /// <summary>A directory appeared: it is watched from now on, and what it already contains is reported.</summary>
    private void Enter(WatchedDirectory directory, string name, bool isDirectory)
    {
        if (!isDirectory || !withTree)
        {
            return;
        }

        // A scan of the whole tree may have found it first, and does not report its contents.
        if (directory.Child(name) is not null)
        {
            Tell(null);
            return;
        }

        using var opened = Open(directory);
        if (opened is null || !new TreeWalk(this, tells: true).Enter(opened, directory, name))
        {
            Tell(null);
            LookLater();
        }
    }

    /// <summary>Opens a watched directory by its path from the top, if it is still there.</summary>
    private FileDescriptor? Open(WatchedDirectory directory)
    {
        var opened = directory.Parent is null
            ? WatchCalls.OpenChild(root, ".\0"u8, out _)
            : OpenIn(directory.Parent, directory.Name);
        if (opened is null || (InodeCalls.Stat(opened, out var stat) == 0 && InodeKey.Of(stat) == directory.Inode))
        {
            return opened;
        }

        opened.Dispose();
        return null;
    }

    private FileDescriptor? OpenIn(WatchedDirectory parent, string name)
    {
        using var above = Open(parent);
        return above is null ? null : WatchCalls.OpenChild(above, [.. ToBytes(name), 0], out _);
    }

    private bool TryWatch(WatchedDirectory directory, FileDescriptor opened, out bool isExhausted)
    {
        var added = NotifyQueue.OfProcess.TryAdd(opened, WatchEvents.OfDirectory, directory, out var watch, out var problem);
        directory.Watch = watch;
        isExhausted = problem is not null;
        if (problem is not null)
        {
            shortages.Report(problem);
        }

        return added;
    }

    /// <summary>Scans the whole tree on another thread.</summary>
    private void LookLater()
    {
        if (!withTree)
        {
            return;
        }

        if (_isLooking)
        {
            _mustLookAgain = true;
            return;
        }

        _isLooking = true;
        Task.Run(() => Look(isFirst: false));
    }

    /// <summary>Watches all directories that exist, and no others.</summary>
    private bool Look(bool isFirst)
    {
        var start = Stopwatch.GetTimestamp();
        var passes = 0;
        bool isWhole;
        do
        {
            passes++;
            FileDescriptor? opened;
            lock (_sync)
            {
                if (_hasEnded)
                {
                    return false;
                }

                _isLooking = true;
                _mustLookAgain = false;
                opened = WatchCalls.OpenChild(root, ".\0"u8, out _);
            }

            using (opened)
            {
                isWhole = opened is not null && new TreeWalk(this, tells: false).Look(opened, _top!);
            }
        }
        while (isWhole && Volatile.Read(ref _mustLookAgain));

        lock (_sync)
        {
            _isLooking = false;
            if (_hasEnded || (isFirst && !isWhole))
            {
                return false;
            }

            // Events in directories that the scan had not reached yet were missed.
            if (!isFirst || passes > 1 || Stopwatch.GetElapsedTime(start) > LongStart)
            {
                Tell(null);
            }

            // Part of the tree is not watched: clients are told to rescan again and again until the machine has the resources.
            if (!isWhole)
            {
                _deaf ??= new Timer(static tree => ((WatchedTree)tree!).Lose(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _deaf.Change(DeafTime, Timeout.InfiniteTimeSpan);
            }

            return true;
        }
    }

    /// <summary>Whether the directory exists and is inside the share; if not, the watch ends.</summary>
    private bool IsStillHere()
    {
        if (InodeCalls.Stat(root, out var stat) == 0 && (stat.Links > 0 || !_countsLinks) && (path.IsRoot || IsInShare()))
        {
            return true;
        }

        Leave();
        return false;
    }

    private bool IsInShare() =>
        WatchCalls.Locate(share.Descriptor) is { } outer && WatchCalls.Locate(root) is { } inner
        && inner.StartsWith(outer, StringComparison.Ordinal)
        && (outer.EndsWith('/') || (inner.Length > outer.Length && inner[outer.Length] == '/'));

    private void Leave()
    {
        // Listeners that joined in the meantime learn that nothing will be reported.
        Tell(new StoreChange(ChangeAction.Removed, path, ChangeFilter.DirectoryName));
        End();
    }

    private void End()
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        _listeners = [];
        _departure = null;
        _deaf?.Dispose();
        _upper?.Dispose();
        if (_top is not null)
        {
            Drop(_top);
        }

        root.Dispose();
        share.Leave();
        ended(this);
    }

    private static void DropChild(WatchedDirectory directory, string name)
    {
        if (directory.Child(name) is { } child)
        {
            Drop(child);
        }
    }

    private static void Drop(WatchedDirectory directory)
    {
        foreach (var child in directory.Children.ToArray())
        {
            Drop(child);
        }

        directory.IsGone = true;
        directory.Parent?.Remove(directory);
        NotifyQueue.OfProcess.Remove(directory.Watch, directory);
    }

    private void Tell(ChangeAction action, WatchedDirectory directory, string name, ChangeFilter filter)
    {
        var below = directory.Prefix + DiskNames.Decode(ToBytes(name));
        Tell(new StoreChange(action, new StorePath(path.IsRoot ? below : path.Text + "\\" + below), filter));
    }

    private void Tell(StoreChange? change)
    {
        foreach (var listener in _listeners)
        {
            listener(change);
        }
    }

    /// <summary>The first half of a move.</summary>
    private sealed record Departure(WatchedDirectory From, string Name, uint Cookie, bool IsDirectory, bool HasWaited);
}
