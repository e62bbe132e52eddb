namespace Smb3.Embedded.Rpc;

/// <summary>
/// The context handles (ndr_context_handle of C706 appendix N) of one association group. A handle is valid only for the interface and the
/// user that opened it: connections of a group may call different interfaces, as different users.
/// </summary>
internal sealed class RpcContextHandles(int max)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Entry> _handles = [];
    private bool _ended;

    /// <summary>How many handles are open.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _handles.Count;
            }
        }
    }

    /// <summary>Opens a handle to <paramref name="state"/>; null when the group holds too many or has ended.</summary>
    public Guid? Open(object state, RpcSyntax owner, RpcCaller caller)
    {
        lock (_lock)
        {
            if (_ended || _handles.Count >= max)
            {
                return null;
            }

            var id = Guid.NewGuid();
            _handles.Add(id, new Entry(state, owner, caller));
            return id;
        }
    }

    /// <summary>What a handle stands for; null when this user has no such handle of this interface.</summary>
    public object? Find(Guid id, RpcSyntax owner, RpcCaller caller)
    {
        lock (_lock)
        {
            return _handles.TryGetValue(id, out var entry) && entry.Owner == owner && entry.Caller.IsSameUserAs(caller) ? entry.State : null;
        }
    }

    /// <summary>Closes a handle; false when there is none.</summary>
    public bool Close(Guid id, RpcSyntax owner, RpcCaller caller)
    {
        object? state;
        lock (_lock)
        {
            if (!_handles.TryGetValue(id, out var entry) || entry.Owner != owner || !entry.Caller.IsSameUserAs(caller))
            {
                return false;
            }

            state = entry.State;
            _handles.Remove(id);
        }

        (state as IDisposable)?.Dispose();
        return true;
    }

    /// <summary>The group has ended, and with it what its handles stand for (C706 6.1.6, context rundown).</summary>
    public void RunDown()
    {
        Entry[] left;
        lock (_lock)
        {
            _ended = true;
            left = [.. _handles.Values];
            _handles.Clear();
        }

        foreach (var entry in left)
        {
            (entry.State as IDisposable)?.Dispose();
        }
    }

    private sealed record Entry(object State, RpcSyntax Owner, RpcCaller Caller);
}
