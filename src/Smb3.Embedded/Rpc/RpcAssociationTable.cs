namespace Smb3.Embedded.Rpc;

/// <summary>
/// The association groups of a server (C706 9.3.1): connections of one caller that share context handles. A Windows client
/// that makes two calls at the same time opens the pipe twice and joins the second connection to the first one's group.
/// </summary>
internal sealed class RpcAssociationTable(RpcLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, RpcAssociation> _groups = [];
    private uint _lastId;

    /// <summary>A new group with one connection in it.</summary>
    public RpcAssociation Create(RpcCaller caller)
    {
        lock (_lock)
        {
            do
            {
                _lastId++;
            }
            while (_lastId == 0 || _groups.ContainsKey(_lastId));

            var group = new RpcAssociation(_lastId, caller, new RpcContextHandles(limits.MaxHandles)) { Connections = 1 };
            _groups.Add(group.Id, group);
            return group;
        }
    }

    /// <summary>Joins a connection to a group of the same user; null when there is none.</summary>
    public RpcAssociation? Join(uint id, RpcCaller caller)
    {
        lock (_lock)
        {
            if (!_groups.TryGetValue(id, out var group) || !group.Caller.IsSameUserAs(caller))
            {
                return null;
            }

            group.Connections++;
            return group;
        }
    }

    /// <summary>Takes a connection out of its group; the last one ends the group and its handles.</summary>
    public void Leave(RpcAssociation group)
    {
        lock (_lock)
        {
            if (--group.Connections > 0)
            {
                return;
            }

            _groups.Remove(group.Id);
        }

        group.Handles.RunDown();
    }
}
