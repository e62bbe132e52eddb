using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The names of a volume that a close deletes. Safe for concurrent use; its lock is, with that of the <see cref="FileTable"/>, the last one in the
/// order.
/// </summary>
/// <param name="comparer">Compares paths as the store does.</param>
internal sealed class DoomedNames(StringComparer comparer)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _names = new(comparer);
    private volatile int _count;

    /// <summary>Whether this thread holds its lock.</summary>
    public bool IsHeld => _gate.IsHeldByCurrentThread;

    /// <summary>How many there are.</summary>
    public int Count => _count;

    /// <summary>Whether the directory <paramref name="path"/> is to be deleted.</summary>
    public bool Contains(StorePath path)
    {
        if (_count == 0)
        {
            return false;
        }

        lock (_gate)
        {
            return _names.Contains(path.Text);
        }
    }

    /// <summary>Marks or unmarks a name; called with its file's lock held.</summary>
    public void Mark(FileLink link, bool pending)
    {
        link.DeletePending = pending;
        link.File.NoteChangedLocked(link);
        lock (_gate)
        {
            if (pending)
            {
                _names.Add(link.Path.Text);
            }
            else
            {
                _names.Remove(link.Path.Text);
            }

            _count = _names.Count;
        }
    }
}
