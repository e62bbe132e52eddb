using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The last-write and change times of a file while opens have set or frozen them (MS-FSA 2.1.1.6, Open.UserSetModificationTime and
/// Open.UserSetChangeTime): what such an open does moves them no longer, but what other opens do still does (MS-FSA 2.1.4.17). A store
/// stamps every change at once. So as long as there is such an open, the times that handles see are kept here; the store gets them when the
/// open lets the times move again, or is closed.
/// </summary>
internal sealed class VisibleTimes(VolumeOptions options, LastAccessUpdates lastAccess)
{
    private readonly Lock _sync = new();
    private KeptTime _lastWrite;
    private KeptTime _change;
    private volatile bool _keeps;
    private int _watchers;
    private int _writes;

    /// <summary>The last access time, which is kept in another way.</summary>
    public VisibleAccess Access { get; } = new(options, lastAccess);

    /// <summary>Called before the data of the file changes through <paramref name="open"/>.</summary>
    public void BeforeWrite(FileOpen open)
    {
        if (_keeps)
        {
            Move(PinnedTimes.LastWrite | PinnedTimes.Change, open.State.Pinned);
        }
    }

    /// <summary>
    /// From now on, <see cref="BeforeWrite"/> is counted: for an operation that gives the store an earlier last-write time than it has, which it
    /// must not do when there was a write meanwhile. <see cref="EndWatch"/> follows.
    /// </summary>
    public void Watch()
    {
        lock (_sync)
        {
            _watchers++;
            _keeps = true;
        }
    }

    /// <summary>How many writes there have been while any were counted.</summary>
    public int Writes
    {
        get
        {
            lock (_sync)
            {
                return _writes;
            }
        }
    }

    /// <summary>Ends what <see cref="Watch"/> began.</summary>
    public void EndWatch()
    {
        lock (_sync)
        {
            _watchers--;
            _keeps = IsKept;
        }
    }

    /// <summary>Called after the file, but not its data, changed through <paramref name="open"/>.</summary>
    public void Changed(FileOpen open)
    {
        if (_keeps)
        {
            Move(PinnedTimes.Change, open.State.Pinned);
        }
    }

    /// <summary>The metadata that a handle sees when the store has <paramref name="stored"/>.</summary>
    public FileMetadata Show(in FileMetadata stored)
    {
        var accessed = Access.Show(stored);
        if (!_keeps)
        {
            return accessed != stored.LastAccessTime ? stored with { LastAccessTime = accessed } : stored;
        }

        lock (_sync)
        {
            return stored with
            {
                LastAccessTime = accessed,
                LastWriteTime = _lastWrite.IsKept ? _lastWrite.Time : stored.LastWriteTime,
                ChangeTime = _change.IsKept ? _change.Time : stored.ChangeTime,
            };
        }
    }

    /// <summary>Called after <paramref name="open"/> has changed the metadata in the store: times that it set are the file's.</summary>
    public void Set(FileOpen open, in FileMetadataChange change)
    {
        if (change.LastAccessTime is not null)
        {
            Access.Forget();
        }

        if (!_keeps)
        {
            return;
        }

        lock (_sync)
        {
            if (change.LastWriteTime is { } written)
            {
                _lastWrite.Set(written);
            }

            if (change.ChangeTime is { } changed)
            {
                _change.Set(changed);
            }
        }

        if (change.ChangeTime is null)
        {
            Changed(open);
        }
    }

    /// <summary>From now on, <paramref name="open"/> does not move <paramref name="times"/>.</summary>
    /// <param name="open">The open.</param>
    /// <param name="times">The times.</param>
    /// <param name="shown">The file as handles see it.</param>
    public void Pin(FileOpen open, PinnedTimes times, in FileMetadata shown)
    {
        lock (_sync)
        {
            Keep(open, times, shown, isNew: ~open.State.Pinned);
        }
    }

    /// <summary>The same for an open of a former process, which has kept its times there already.</summary>
    public void Restore(FileOpen open, in FileMetadata shown)
    {
        if (open.State.Pinned != PinnedTimes.None)
        {
            lock (_sync)
            {
                Keep(open, open.State.Pinned, shown, isNew: open.State.Pinned);
            }
        }
    }

    /// <summary>
    /// Ends what <see cref="Pin"/> began, once the store has the times that handles see: while it does not, the caller puts them there, and
    /// asks again.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="times">The times that it may move again.</param>
    /// <param name="due">What the store has yet to be given.</param>
    public bool TryUnpin(FileOpen open, PinnedTimes times, out FileMetadataChange due)
    {
        due = default;
        times &= open.State.Pinned;
        if ((times & (PinnedTimes.LastWrite | PinnedTimes.Change)) == 0)
        {
            open.State.Pin(open.State.Pinned & ~times);
            return true;
        }

        lock (_sync)
        {
            due = new FileMetadataChange
            {
                LastWriteTime = (times & PinnedTimes.LastWrite) != 0 ? _lastWrite.Take() : null,
                ChangeTime = (times & PinnedTimes.Change) != 0 ? _change.Take() : null,
            };
            if (!due.IsEmpty)
            {
                return false;
            }

            _lastWrite.Pins -= (times & PinnedTimes.LastWrite) != 0 ? 1 : 0;
            _change.Pins -= (times & PinnedTimes.Change) != 0 ? 1 : 0;
            _keeps = IsKept;
            open.State.Pin(open.State.Pinned & ~times);
            return true;
        }
    }

    private bool IsKept => _lastWrite.IsKept || _change.IsKept || _watchers > 0;

    private void Keep(FileOpen open, PinnedTimes times, in FileMetadata shown, PinnedTimes isNew)
    {
        if ((times & isNew & PinnedTimes.LastWrite) != 0 && _lastWrite.Pins++ == 0)
        {
            _lastWrite.Set(shown.LastWriteTime);
        }

        if ((times & isNew & PinnedTimes.Change) != 0 && _change.Pins++ == 0)
        {
            _change.Set(shown.ChangeTime);
        }

        _keeps = IsKept;
        open.State.Pin(open.State.Pinned | times);
    }

    /// <summary>The store stamps a change of its own accord; what handles see moves only if the open may move it.</summary>
    private void Move(PinnedTimes moved, PinnedTimes pinned)
    {
        lock (_sync)
        {
            var now = FileTime.From(options.Time.GetUtcNow());
            if ((moved & PinnedTimes.LastWrite) != 0)
            {
                _writes++;
                _lastWrite.Stamp((pinned & PinnedTimes.LastWrite) != 0 ? null : now);
            }

            _change.Stamp((pinned & PinnedTimes.Change) != 0 ? null : now);
        }
    }

    /// <summary>A time that differs from the store's.</summary>
    private struct KeptTime
    {
        private bool _isStale;
        private bool _isTaken;

        /// <summary>How many opens do not move it.</summary>
        public int Pins;

        public FileTime Time { get; private set; }

        public readonly bool IsKept => Pins > 0;

        /// <summary>The store has it too.</summary>
        public void Set(FileTime time)
        {
            Time = time;
            _isStale = false;
        }

        /// <summary>The store is about to stamp its own, which counts only where <paramref name="time"/> is not null.</summary>
        public void Stamp(FileTime? time)
        {
            Time = time ?? Time;
            _isStale = time is null || _isTaken;
        }

        /// <summary>What the store has to be given; <see langword="null"/> if it has it.</summary>
        public FileTime? Take()
        {
            _isTaken = _isStale;
            _isStale = false;
            return _isTaken ? Time : null;
        }
    }
}
