using System.Collections.Concurrent;
using Smb3.Embedded.Files.Caching;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// A client machine, known by its ClientGuid, with all its connections (an entry of GlobalClientTable, MS-SMB2 3.3.1.16). Samba:
/// smbXsrv_client.
/// </summary>
internal sealed class Client(Guid clientGuid, int maxLeases)
{
    private readonly ConcurrentDictionary<ulong, Connection> _connections = new();

    public Guid ClientGuid { get; } = clientGuid;

    /// <summary>Its leases (the entry of GlobalLeaseTableList, MS-SMB2 3.3.1.11).</summary>
    public LeaseTable Leases { get; } = new(clientGuid, maxLeases);

    public ICollection<Connection> Connections => _connections.Values;

    /// <summary>How many recoveries are about to bring opens of it back. Changed under the lock of the table of clients.</summary>
    public int Expectations { get; set; }

    /// <summary>Whether it has neither a connection nor, through opens that wait for it to come back, a lease, and none is to come.</summary>
    public bool IsGone => _connections.IsEmpty && Leases.Count == 0 && Expectations == 0;

    public void Add(Connection connection) => _connections[connection.Id] = connection;

    public void Remove(Connection connection) => _connections.TryRemove(connection.Id, out _);
}
