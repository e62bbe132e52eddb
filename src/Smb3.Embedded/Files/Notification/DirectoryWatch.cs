using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>
/// What one open directory watches (MS-FSA 2.1.1.10, ChangeNotifyEntry). The first request fixes the filter, the depth and the
/// size of the buffer; from then on changes are kept between requests until the open is closed.
/// </summary>
internal sealed class DirectoryWatch : IOutsideListener
{
    // FILE_NOTIFY_INFORMATION (MS-FSCC 2.7.1): the size of the part before the name, and the alignment of an entry.
    private const int EntrySize = 12;
    private const int Alignment = 4;

    private readonly Lock _sync = new();
    private readonly LinkedList<Waiter> _waiting = [];
    private readonly VisibleChanges? _visible;
    private readonly int _capacity;
    private List<ChangeEntry> _kept = [];
    private int _size;
    private bool _overflown;
    private NtStatus _end;

    public DirectoryWatch(IWatchedDirectory directory, ChangeFilter filter, bool tree, int capacity)
    {
        Directory = directory;
        Filter = filter;
        Tree = tree;
        _capacity = capacity;
        _visible = directory.HidesUnreadable ? new VisibleChanges(this) : null;
    }

    /// <summary>The directory.</summary>
    public IWatchedDirectory Directory { get; }

    /// <summary>The kinds of change that count.</summary>
    public ChangeFilter Filter { get; }

    /// <summary>Whether directories below count too.</summary>
    public bool Tree { get; }

    /// <summary>The path under which it is in the table. Guarded by the table's lock.</summary>
    public string? Place { get; set; }

    /// <summary>Whether it hears only of what a listing shows (access-based enumeration).</summary>
    public bool IsLimited => _visible is not null;

    /// <summary>Whether it is told of <paramref name="path"/>, as things stand now.</summary>
    public ValueTask<bool> SeesAsync(StorePath path) => _visible?.SeesAsync(path) ?? new(true);

    /// <summary>Answers with the changes kept so far, or waits for the next one. Requests are served in order.</summary>
    /// <param name="room">The most bytes that the answer may take.</param>
    /// <param name="cancellationToken">Ends the wait with CANCELLED.</param>
    public async ValueTask<ChangeReport> NextAsync(int room, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiter> node;
        lock (_sync)
        {
            if (_end != NtStatus.Success)
            {
                return _end;
            }

            if (_overflown || _kept.Count > 0)
            {
                return Take(room);
            }

            node = _waiting.AddLast(new Waiter(room));
        }

        using var registration = cancellationToken.UnsafeRegister(_ => Cancel(node), null);
        return await node.Value.Completion.Task.ConfigureAwait(false);
    }

    /// <summary>Takes a change. <see cref="Serve"/> follows.</summary>
    public void Take(in FileChange change, string name)
    {
        if (_visible is not null)
        {
            _visible.Add(change, name);
        }
        else
        {
            Keep(change.Action, name);
        }
    }

    /// <summary>Keeps a change that the watcher may be told of. <see cref="Serve"/> follows.</summary>
    public void Keep(ChangeAction action, string name)
    {
        lock (_sync)
        {
            if (_overflown || _end != NtStatus.Success)
            {
                return;
            }

            var entry = new ChangeEntry(action, name);
            if (action == ChangeAction.Modified && _kept.Count > 0 && _kept[^1] == entry)
            {
                return; // already recorded
            }

            var size = ((_size + Alignment - 1) & -Alignment) + EntrySize + (name.Length * sizeof(char));
            if (size > _capacity)
            {
                Overflow();
                return;
            }

            _size = size;
            _kept.Add(entry);
        }
    }

    /// <inheritdoc/>
    public StorePath Path => Directory.Path;

    /// <inheritdoc/>
    public void Stop(NtStatus reason) => End(reason, forGood: true);

    /// <inheritdoc/>
    public bool Keep(in StoreChange change)
    {
        if ((change.Filter & Filter) == 0 || !change.Path.IsBelow(Directory.Path, Directory.NameComparison))
        {
            return false;
        }

        if (IsLimited && change.Action is (ChangeAction.Removed or ChangeAction.RenamedOldName))
        {
            // It is no longer known whether the name was visible to the watcher; listing the directory again does no harm.
            Lose();
            return true;
        }

        var name = Directory.Path.IsRoot ? change.Path.Text : change.Path.Text[(Directory.Path.Text.Length + 1)..];
        Take(new FileChange(change.Action, change.Path, change.Filter), name);
        return true;
    }

    /// <summary>More has happened than can be reported.</summary>
    public void Lose()
    {
        lock (_sync)
        {
            if (_end == NtStatus.Success)
            {
                Overflow();
            }
        }
    }

    /// <summary>Answers the first waiting request, if there is something to report.</summary>
    public void Serve()
    {
        lock (_sync)
        {
            if (_waiting.First is not { } first || !(_overflown || _kept.Count > 0))
            {
                return;
            }

            _waiting.RemoveFirst();
            first.Value.Completion.TrySetResult(Take(first.Value.Room));
        }
    }

    /// <summary>Ends all waits; if <paramref name="forGood"/>, later ones end at once.</summary>
    public void End(NtStatus status, bool forGood)
    {
        lock (_sync)
        {
            if (forGood)
            {
                _end = status;
            }

            foreach (var waiter in _waiting)
            {
                waiter.Completion.TrySetResult(status);
            }

            _waiting.Clear();
        }
    }

    private ChangeReport Take(int room)
    {
        var fits = !_overflown && _size <= room;
        var changes = _kept;
        _kept = [];
        _size = 0;
        _overflown = false;
        return fits ? new ChangeReport(NtStatus.Success, changes) : NtStatus.NotifyEnumDir;
    }

    private void Overflow()
    {
        _overflown = true;
        _kept.Clear();
        _size = 0;
    }

    private void Cancel(LinkedListNode<Waiter> node)
    {
        lock (_sync)
        {
            if (node.List is null)
            {
                return;
            }

            _waiting.Remove(node);
            node.Value.Completion.TrySetResult(NtStatus.Cancelled);
        }
    }

    private sealed class Waiter(int room)
    {
        public int Room { get; } = room;

        public TaskCompletionSource<ChangeReport> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
