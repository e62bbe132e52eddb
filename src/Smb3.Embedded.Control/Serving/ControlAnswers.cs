using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Control.Protocol;

namespace Smb3.Embedded.Control.Serving;

/// <summary>What a server answers.</summary>
internal sealed class ControlAnswers(SmbServer server, TimeProvider time, ILogger logger)
{
    /// <summary>How many things one request may end.</summary>
    private const int MostIds = 1000;

    private static readonly string LibraryVersion =
        typeof(SmbServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? string.Empty;

    private readonly DateTimeOffset _since = time.GetUtcNow();

    /// <summary>Does what is asked, and gives the rows of the answer.</summary>
    /// <exception cref="ControlRefusal">It cannot be done.</exception>
    public async Task<IEnumerable<ControlRow>> GiveAsync(ControlRequest request, CancellationToken cancellationToken) => request.Do switch
    {
        ControlProtocol.Status => Status(),
        ControlProtocol.Sessions => server.Sessions.Select(ControlRows.Of),
        ControlProtocol.Files => server.Opens.Select(ControlRows.Of),
        ControlProtocol.End => await EndAsync(request).ConfigureAwait(false),
        ControlProtocol.Cluster => Cluster(),
        ControlProtocol.Move => await MoveAsync(request, cancellationToken).ConfigureAwait(false),
        ControlProtocol.Drain => await DrainAsync(cancellationToken).ConfigureAwait(false),
        ControlProtocol.Resume => Resume(),
        ControlProtocol.Fence => await FenceAsync(request, isOut: true, cancellationToken).ConfigureAwait(false),
        ControlProtocol.Unfence => await FenceAsync(request, isOut: false, cancellationToken).ConfigureAwait(false),
        _ => throw new ControlRefusal("this server does not know what is asked of it; use the tool of its version"),
    };

    private SmbCluster TheCluster => server.Cluster ?? throw new ControlRefusal("this server is not a node of a cluster");

    private IEnumerable<ControlRow> Status()
    {
        var seen = server.Inspect();
        yield return new ControlServer
        {
            Name = server.Name,
            ProcessId = Environment.ProcessId,
            Version = LibraryVersion,
            State = server.State.ToString(),
            Since = _since,
            EndPoints = [.. server.EndPoints.Select(static endPoint => endPoint.ToString()!)],
            Connections = seen.Connections.Count,
            Sessions = seen.Sessions.Count,
            Files = seen.Opens.Count,
            Leases = seen.Leases.Count,
            Impaired = [.. server.KeptState.Where(static state => state.IsImpaired).Select(static state => state.Name)],
            Node = server.Cluster?.Node,
        };
        foreach (var share in server.Shares)
        {
            yield return ControlRows.Of(share);
        }
    }

    private async Task<IEnumerable<ControlRow>> EndAsync(ControlRequest request)
    {
        if (request.Ids is { Count: > MostIds })
        {
            throw new ControlRefusal($"more than {MostIds} ids");
        }

        // All are looked at before the first is ended: a mistake in one of them ends nothing.
        var wanted = (request.Ids ?? []).Select(id => (Id: id ?? string.Empty, Number: NumberOf(id))).ToList();
        var ended = new List<ControlRow>();
        foreach (var (id, number) in wanted)
        {
            var isThere = id[0] == ControlProtocol.SessionMark
                ? server.FindSession(number) is { } session && await session.EndAsync().ConfigureAwait(false)
                : server.FindOpen(number) is { } open && await open.EndAsync().ConfigureAwait(false);
            ended.Add(new ControlEnded { Id = id, Count = isThere ? 1 : 0 });
            if (isThere)
            {
                ControlLog.Ended(logger, id[0] == ControlProtocol.SessionMark ? $"session {number}" : $"open {number}");
            }
        }

        if (request.User is { Length: > 0 } user)
        {
            var count = await server.EndSessionsAsync(user).ConfigureAwait(false);
            ended.Add(new ControlEnded { Id = user, Count = count });
            ControlLog.Ended(logger, $"{count} sessions of a user");
        }

        return ended.Count > 0 ? ended : throw new ControlRefusal("nothing is named that is to be ended");
    }

    private static ulong NumberOf(string? id) =>
        id is [ControlProtocol.SessionMark or ControlProtocol.FileMark, .. var digits] && ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : throw new ControlRefusal("an id is s and the number of a session, or f and that of an open file, such as s17; nothing was ended");

    private IEnumerable<ControlRow> Cluster() =>
        [.. TheCluster.Nodes.Select(node => ControlRows.Of(node, TheCluster.Node)), .. TheCluster.Shares.Select(ControlRows.Of)];

    private async Task<IEnumerable<ControlRow>> MoveAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Share.Length: > 0, Node.Length: > 0 })
        {
            throw new ControlRefusal("a share and a node are needed");
        }

        ControlLog.Asked(logger, "a share is moved to another node");
        try
        {
            await TheCluster.MoveAsync(request.Share, request.Node, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            throw new ControlRefusal(e.Message.TrimEnd('.'));
        }

        return Cluster();
    }

    private async Task<IEnumerable<ControlRow>> DrainAsync(CancellationToken cancellationToken)
    {
        var cluster = TheCluster;
        ControlLog.Asked(logger, "all clustered shares go to other nodes");
        await cluster.DrainAsync(cancellationToken).ConfigureAwait(false);
        return Cluster();
    }

    private async Task<IEnumerable<ControlRow>> FenceAsync(ControlRequest request, bool isOut, CancellationToken cancellationToken)
    {
        if (request is not { Node.Length: > 0 })
        {
            throw new ControlRefusal("a node is needed");
        }

        var cluster = TheCluster;
        ControlLog.Asked(logger, isOut ? "a node is shut out of the cluster" : "a node is let into the cluster again");
        try
        {
            await (isOut ? cluster.FenceAsync(request.Node, cancellationToken) : cluster.UnfenceAsync(request.Node, cancellationToken)).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            throw new ControlRefusal(e.Message.TrimEnd('.'));
        }

        return Cluster();
    }

    private IEnumerable<ControlRow> Resume()
    {
        TheCluster.Resume();
        ControlLog.Asked(logger, "shares are taken again");
        return Cluster();
    }
}
