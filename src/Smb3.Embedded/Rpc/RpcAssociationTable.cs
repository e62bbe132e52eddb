using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Smb3.Embedded.Rpc;

/// <summary>
/// The association groups of a server (C706 9.3.1): connections of one caller that share context handles. A Windows client
/// that makes two calls at the same time opens the pipe twice and joins the second connection to the first one's group.
/// </summary>
internal sealed class RpcAssociationTable(RpcLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, RpcAssociation> _groups = [];

    /// <summary>A new group with one connection in it. Its id cannot be guessed: whoever knows it may join from the same address.</summary>
    public RpcAssociation Create(RpcCaller caller)
    {
        lock (_lock)
        {
            uint id;
            do
            {
                id = BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint)));
            }
            while (id == 0 || _groups.ContainsKey(id));

            var group = new RpcAssociation(id, caller, new RpcContextHandles(limits.MaxHandles)) { Connections = 1 };
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
