using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The last-write and change times that handles see while they differ from the store's: a store stamps every write at once, but NT shows
/// the new last-write time only some time after a handle's first write, and after that when the handle flushes, sets the end of file, sets
/// basic information or is closed; and an open can keep a time from moving (MS-FSA 2.1.5.15.2, values −1 and −2).
/// </summary>
internal sealed class VisibleTimes(VolumeOptions options)
{
    private readonly Lock _sync = new();
    private FileTime _known;
    private FileTime? _lastWrite;
    private FileTime? _change;
    private long _due = long.MaxValue;
    private FileOpen? _pinner;

    /// <summary>Learns the store's times, so that a later write knows what to keep showing.</summary>
    public void Learn(in FileMetadata stored)
    {
        lock (_sync)
        {
            if (_lastWrite is null)
            {
                _known = stored.LastWriteTime;
            }
        }
    }

    /// <summary>Called before the data of the file changes through <paramref name="open"/>.</summary>
    public void BeforeWrite(FileOpen open)
    {
        var pins = open.State.Pinned;
        if ((pins & PinnedTimes.LastWrite) != 0)
        {
            // Pin() has fixed the time shown; the store's own is corrected by the close.
            open.WriteTime = WriteTimeState.Restore;
            return;
        }

        if (options.WriteTimeDelay <= TimeSpan.Zero || open.WriteTime == WriteTimeState.Late)
        {
            return;
        }

        lock (_sync)
        {
            if (open.WriteTime == WriteTimeState.None)
            {
                open.WriteTime = WriteTimeState.Delayed;
                if (_lastWrite is null)
                {
                    _lastWrite = _known;
                    _due = Now() + options.WriteTimeDelay.Ticks;
                }
            }
            else if (open.WriteTime == WriteTimeState.Delayed && _lastWrite is null)
            {
                // The delay has passed and the new time was shown; any later write shows only with the close.
                open.WriteTime = WriteTimeState.Late;
                _lastWrite = _known;
                _due = long.MaxValue;
            }
            else if (open.WriteTime == WriteTimeState.Delayed && Now() >= _due && _pinner is null)
            {
                open.WriteTime = WriteTimeState.Late;
                _known = new FileTime(_due);
                _lastWrite = _known;
                _due = long.MaxValue;
            }
            else if (open.WriteTime == WriteTimeState.Shown)
            {
                open.WriteTime = WriteTimeState.Late;
                _lastWrite ??= _known;
            }
        }
    }

    /// <summary>The metadata that a handle sees when the store has <paramref name="stored"/>.</summary>
    public FileMetadata Show(in FileMetadata stored)
    {
        lock (_sync)
        {
            if (_lastWrite is not null && _pinner is null && Now() >= _due)
            {
                Settle();
            }

            if (_lastWrite is null)
            {
                _known = stored.LastWriteTime;
            }

            if (_lastWrite is null && _change is null)
            {
                return stored;
            }

            return stored with { LastWriteTime = _lastWrite ?? stored.LastWriteTime, ChangeTime = _change ?? stored.ChangeTime };
        }
    }

    /// <summary>A flush, or setting the end of file or basic information: from here on the store's time is shown.</summary>
    /// <param name="open">The open that did it.</param>
    /// <returns>Whether there was something to show.</returns>
    public bool Flush(FileOpen open)
    {
        lock (_sync)
        {
            if (open.WriteTime is WriteTimeState.Delayed or WriteTimeState.Late)
            {
                open.WriteTime = WriteTimeState.Shown;
            }

            if (_pinner is not null || _lastWrite is null)
            {
                return false;
            }

            Settle();
            return true;
        }
    }

    /// <summary>A client has set a time: it is shown, whatever was pending.</summary>
    public void Set(in FileMetadataChange change)
    {
        lock (_sync)
        {
            if (change.LastWriteTime is { } written)
            {
                Settle();
                _known = written;
            }

            if (change.ChangeTime is not null)
            {
                _change = null;
            }
        }
    }

    /// <summary>The open keeps <paramref name="times"/> as they are in <paramref name="shown"/>, whatever it does.</summary>
    public void Pin(FileOpen open, PinnedTimes times, in FileMetadata shown)
    {
        lock (_sync)
        {
            if ((times & PinnedTimes.LastWrite) != 0)
            {
                _lastWrite = shown.LastWriteTime;
                _due = long.MaxValue;
                _pinner = open;
            }

            if ((times & PinnedTimes.Change) != 0)
            {
                _change = shown.ChangeTime;
            }
        }
    }

    /// <summary>Ends what <see cref="Pin"/> began.</summary>
    public void Unpin(FileOpen open, PinnedTimes times)
    {
        lock (_sync)
        {
            if ((times & PinnedTimes.LastWrite) != 0 && _pinner == open)
            {
                Settle();
            }

            if ((times & PinnedTimes.Change) != 0)
            {
                _change = null;
            }
        }
    }

    /// <summary>The times to set in the store when <paramref name="open"/> is closed, so that it has what handles were shown.</summary>
    public FileMetadataChange Close(FileOpen open, FileTime now)
    {
        lock (_sync)
        {
            FileMetadataChange change = default;
            switch (open.WriteTime)
            {
                case WriteTimeState.Restore when _pinner == open:
                    change = new FileMetadataChange { LastWriteTime = _lastWrite, ChangeTime = _change };
                    break;
                case WriteTimeState.Late when _pinner is null && _lastWrite is not null:
                    change = new FileMetadataChange { LastWriteTime = now };
                    break;
            }

            if (_pinner == open || (_pinner is null && open.WriteTime != WriteTimeState.None))
            {
                Settle();
            }

            if ((open.State.Pinned & PinnedTimes.Change) != 0 && _change is { } kept)
            {
                // Anything the open did after it set or froze the time has stamped the store's time.
                change = change with { ChangeTime = kept };
                _change = null;
            }

            return change;
        }
    }

    private long Now() => FileTime.From(options.Time.GetUtcNow()).Ticks;

    private void Settle()
    {
        _lastWrite = null;
        _due = long.MaxValue;
        _pinner = null;
    }
}

/// <summary>How far one open has got with the last-write time of its writes.</summary>
internal enum WriteTimeState
{
    /// <summary>It has not written.</summary>
    None,

    /// <summary>It has written, and the time shows when the delay is over.</summary>
    Delayed,

    /// <summary>It has written, and the time was shown.</summary>
    Shown,

    /// <summary>It has written again after a time was shown: the close stamps the file.</summary>
    Late,

    /// <summary>It has written while its time was pinned: the close puts the pinned time back.</summary>
    Restore,
}
