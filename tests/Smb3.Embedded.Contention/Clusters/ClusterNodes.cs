using System.Collections.Concurrent;
using System.Net;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>
/// The nodes as clients see them: each goes on where it was, and to the next when the share is not there, or nobody is.
/// </summary>
internal sealed class ClusterNodes(RunReport report, Func<IPEndPoint, Task<IByteStream>> connect) : IServers
{
    private readonly ConcurrentDictionary<int, int> _at = new();
    private volatile bool _isOver;

    public required IReadOnlyList<ClusterNode> All { get; init; }

    public required OwnerHistory Owners { get; init; }

    /// <inheritdoc/>
    public ConcurrentDictionary<ulong, Guid> Ids { get; } = new();

    /// <inheritdoc/>
    public bool IsOne => false;

    /// <inheritdoc/>
    public bool IsOver => _isOver || !report.IsFine;

    /// <inheritdoc/>
    public Task WhenUp => Task.CompletedTask;

    /// <inheritdoc/>
    public string NameOf(int client) => Of(client).Name;

    /// <inheritdoc/>
    public void Answered(string server, Place place, string? folder, NtStatus status, DateTime sent, DateTime received) =>
        Owners.Answered(server, place, folder, status, sent, received);

    /// <inheritdoc/>
    public Task<IByteStream> ConnectAsync(int client)
    {
        var node = Of(client);
        return node.IsCutOff ? throw new TimeoutException($"Nobody reaches {node.Name}.") : connect(node.EndPoint);
    }

    /// <inheritdoc/>
    public void Leave(int client) => _at.AddOrUpdate(client, 0, (_, at) => (at + 1) % All.Count);

    /// <inheritdoc/>
    public bool Go(int client, IPAddress server)
    {
        var before = Of(client);
        var to = All.Single(node => node.EndPoint.Address.Equals(server));
        _at[client] = to.Number - 1;
        return to != before;
    }

    /// <summary>Nothing is done to them any more.</summary>
    public void End() => _isOver = true;

    private ClusterNode Of(int client) => All[_at.GetOrAdd(client, static (number, count) => number % count, All.Count)];
}
