namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// The length for which a file's data, or one named stream, is charged. What lengthens it is charged before it is done, so that two writers
/// cannot pass a limit together; what may turn out otherwise is measured once nobody is changing the length any more.
/// </summary>
/// <param name="inode">The file.</param>
/// <param name="length">The length that is charged already.</param>
internal sealed class ChargedLength(InodeCharge inode, long length)
{
    private long _length = length;
    private int _changes;
    private bool _isUncertain;
    private bool _isOver;

    /// <summary>Announces a change after which the end is at <paramref name="end"/>, or where it was when that is farther.</summary>
    /// <returns>False: the owner may not have so much, and nothing is to be done.</returns>
    public bool TryBegin(long end)
    {
        lock (inode.Gate)
        {
            if (end > _length && !_isOver)
            {
                if (!inode.TryTake(end - _length))
                {
                    return false;
                }

                _length = end;
            }

            _changes++;
            return true;
        }
    }

    /// <summary>Ends a change that was begun.</summary>
    /// <param name="isAsAnnounced">Whether it did what was announced; if not, it may be shorter.</param>
    /// <param name="source">Where the length can be seen.</param>
    public void End(bool isAsAnnounced, ILengthSource source)
    {
        lock (inode.Gate)
        {
            _isUncertain |= !isAsAnnounced;
            if (--_changes > 0 || !_isUncertain || _isOver)
            {
                return;
            }

            _isUncertain = false;
            if (source.TryGetLength(out var now))
            {
                inode.Add(now - _length);
                _length = now;
            }
        }
    }

    /// <summary>Whether the owner has a limit that is enforced.</summary>
    public bool IsLimited
    {
        get
        {
            lock (inode.Gate)
            {
                return inode.Account?.IsLimited == true;
            }
        }
    }

    /// <summary>Whether the owner may have it this long.</summary>
    public bool MayReach(long end)
    {
        lock (inode.Gate)
        {
            return end <= _length || inode.CanTake(end - _length);
        }
    }

    /// <summary>It exists no more.</summary>
    public void Drop()
    {
        lock (inode.Gate)
        {
            inode.Add(-_length);
            _length = 0;
            _isOver = true;
        }
    }
}
