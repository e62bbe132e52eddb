using System.Collections.Concurrent;
using System.Security.Cryptography;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// The tables of one server (MS-SMB2 3.3.1.5): clients, connections, sessions and shares. Every object in them is complete when it is
/// published, and is taken out by the one path that ends it.
/// </summary>
internal sealed class ServerGraph
{
    /// <summary>What counts the runs of servers stands above these bits of the number of an open: a run that makes 10,000 a second uses them up in three years.</summary>
    public const int RunShift = 40;

    private readonly ConcurrentDictionary<Guid, Client> _clients = new();
    private readonly ConcurrentDictionary<ulong, Connection> _connections = new();
    private readonly ConcurrentDictionary<ClientNetwork, int> _connectionsByNetwork = new();
    private readonly ConcurrentDictionary<ulong, Session> _sessions = new();
    private readonly ConcurrentDictionary<ulong, Session> _endingSessions = new();
    private readonly Lock _clientGate = new();
    private ulong _lastConnectionId;
    private ulong _lastFileId;
    private int _connectionCount;

    public ServerGraph(ServerSettings settings)
    {
        Settings = settings;
        StartedAt = settings.TimeProvider.GetUtcNow();
        Shares = new ShareTable { Removed = share => Opens!.CloseDisconnectedAsync(open => open.Share == share.Name) };
        Opens = new GlobalOpenTable(settings.Limits, settings.TimeProvider)
        {
            ClientMayBeGone = ForgetIfGone,
            Changed = (kind, open) => Changes!.Tell(kind, open),
            Fault = e => Fault?.Invoke(e),
        };
        Changes = new ChangeFeed(settings.TimeProvider);
    }

    public ServerSettings Settings { get; }

    public DateTimeOffset StartedAt { get; }

    public ShareTable Shares { get; }

    /// <summary>The opens that are known beyond their sessions.</summary>
    public GlobalOpenTable Opens { get; }

    /// <summary>Told of every change of the tables and of what hangs below them.</summary>
    public ChangeFeed Changes { get; init; }

    /// <summary>The memory in which messages are compressed.</summary>
    public CodecPool Codecs { get; } = new();

    /// <summary>Where clients can reach the server, as of now.</summary>
    public Func<IReadOnlyList<ServerInterface>> Interfaces { get; init; } = () => [];

    /// <summary>Told of every session that has ended, whatever the cause. Must not throw.</summary>
    public Action<Session>? SessionEnded { get; init; }

    /// <summary>Told of an exception for which there is no request to answer. Must not throw.</summary>
    public Action<Exception>? Fault { get; init; }

    public ICollection<Client> Clients => _clients.Values;

    public ICollection<Connection> Connections => _connections.Values;

    public ICollection<Session> Sessions => _sessions.Values;

    /// <summary>The number after which those of opens begin.</summary>
    public ulong FirstFileId
    {
        init => _lastFileId = value;
    }

    public ulong NextConnectionId() => Interlocked.Increment(ref _lastConnectionId);

    /// <summary>A number that no other open of this server had or will have.</summary>
    public ulong NextFileId() => Interlocked.Increment(ref _lastFileId);

    /// <summary>
    /// An open of an earlier process already has this number, so no other gets it. Those of other nodes, and of runs whose numbers begin
    /// elsewhere, are in nobody's way.
    /// </summary>
    public void KeepFileId(ulong used)
    {
        while (Volatile.Read(ref _lastFileId) is var last && used > last && used >> RunShift == last >> RunShift)
        {
            Interlocked.CompareExchange(ref _lastFileId, used, last);
        }
    }

    /// <summary>
    /// The server stops: what its journals keep goes on in the next process. Such opens are closed without an end: nothing of them is
    /// forgotten, and nothing is deleted. Called when every session is over.
    /// </summary>
    public async Task SuspendOpensAsync()
    {
        foreach (var journal in Shares.All.Select(static share => share.Volume?.Options.Journal).OfType<IOpenJournal>().Distinct())
        {
            _ = await journal.EndAsync().ConfigureAwait(false);
        }

        await Opens.SuspendAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The client machine of opens that are about to come back: it is known until <see cref="StopExpecting"/>, whatever ends meanwhile, and
    /// from there on as long as it has any of them.
    /// </summary>
    public Client Expect(Guid clientGuid)
    {
        lock (_clientGate)
        {
            var client = _clients.GetOrAdd(clientGuid, guid => new Client(guid, Settings.Limits.MaxLeasesPerClient));
            client.Expectations++;
            return client;
        }
    }

    /// <summary>The opens that a client was expected for are there, or do not come.</summary>
    public void StopExpecting(Client client)
    {
        lock (_clientGate)
        {
            client.Expectations--;
        }

        ForgetIfGone(client.ClientGuid);
    }

    /// <summary>Adds a connection, unless there are too many, in total or from its address.</summary>
    public bool TryAdd(Connection connection)
    {
        var limits = Settings.Limits;
        if (Interlocked.Increment(ref _connectionCount) > limits.MaxConnections)
        {
            Interlocked.Decrement(ref _connectionCount);
            return false;
        }

        if (_connectionsByNetwork.AddOrUpdate(connection.RemoteNetwork, 1, (_, n) => n + 1) > limits.MaxConnectionsPerAddress)
        {
            Release(connection.RemoteNetwork);
            return false;
        }

        _connections[connection.Id] = connection;
        Changes.Tell(SmbChangeKind.ConnectionOpened, connection);
        return true;
    }

    /// <summary>Takes a connection out of every table; its sessions lose their channel on it.</summary>
    public async ValueTask RemoveAsync(Connection connection)
    {
        if (!_connections.TryRemove(connection.Id, out _))
        {
            return;
        }

        foreach (var binding in connection.Bindings.Values)
        {
            binding.Dispose();
        }

        var ending = default(EndingAll);
        foreach (var session in connection.Sessions.Values)
        {
            try
            {
                await session.LoseConnectionAsync(connection).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                ending.Note(e);
            }
        }

        Client? left = null;
        lock (_clientGate)
        {
            if (connection.Client is { } client)
            {
                client.Remove(connection);
                left = Forget(client) ? client : null;
            }
        }

        Changes.Tell(SmbChangeKind.ConnectionClosed, connection);
        if (left is not null)
        {
            Changes.Tell(SmbChangeKind.ClientLeft, left);
        }

        Release(connection.RemoteNetwork);
        ending.ThrowIfFailed();
    }

    /// <summary>Puts a connection under its client machine.</summary>
    public Client Join(Connection connection, Guid clientGuid)
    {
        Client client;
        bool isNew;
        lock (_clientGate)
        {
            isNew = !_clients.TryGetValue(clientGuid, out var known);
            client = known ?? new Client(clientGuid, Settings.Limits.MaxLeasesPerClient);
            client.Add(connection);
            _clients[clientGuid] = client;
        }

        if (isNew)
        {
            Changes.Tell(SmbChangeKind.ClientCame, client);
        }

        return client;
    }

    /// <summary>
    /// Creates a session in progress on <paramref name="connection"/>, under an id that can neither be guessed nor occur twice.
    /// </summary>
    public Session AddSession(Connection connection)
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        while (true)
        {
            RandomNumberGenerator.Fill(random);

            // In places some clients keep only 32 bits of the id, so it has no more.
            ulong sessionId = BitConverter.ToUInt32(random);
            if (sessionId != 0)
            {
                var session = new Session(this, sessionId, connection);
                if (_sessions.TryAdd(sessionId, session))
                {
                    connection.Sessions[sessionId] = session;
                    return session;
                }
            }
        }
    }

    public Connection? FindConnection(ulong connectionId) => _connections.GetValueOrDefault(connectionId);

    public Session? FindSession(ulong sessionId) => _sessions.GetValueOrDefault(sessionId);

    /// <summary>A session that has begun to end: it can no longer be used, but something that it held may still be there.</summary>
    public Session? FindEndingSession(ulong sessionId) => _endingSessions.GetValueOrDefault(sessionId);

    /// <summary>Takes out a session that is beginning to end.</summary>
    public void BeginEnd(Session session)
    {
        _endingSessions[session.SessionId] = session;
        if (_sessions.TryRemove(session.SessionId, out _))
        {
            SessionEnded?.Invoke(session);
            if (session.Identity is not null)
            {
                Changes.Tell(SmbChangeKind.SessionEnded, session);
            }
        }
    }

    /// <summary>Forgets a session that has ended.</summary>
    public void FinishEnd(Session session) => _endingSessions.TryRemove(KeyValuePair.Create(session.SessionId, session));

    /// <summary>A lease or a connection of the client has ended: the client is forgotten when it has none of either left.</summary>
    public void ForgetIfGone(Guid clientGuid)
    {
        // Called at every close of an open with a lease; nearly always the client is still there.
        if (!_clients.TryGetValue(clientGuid, out var client) || !client.IsGone)
        {
            return;
        }

        lock (_clientGate)
        {
            if (!_clients.TryGetValue(clientGuid, out client) || !Forget(client))
            {
                return;
            }
        }

        Changes.Tell(SmbChangeKind.ClientLeft, client);
    }

    private bool Forget(Client client) => client.IsGone && _clients.TryRemove(client.ClientGuid, out _);

    private void Release(ClientNetwork network)
    {
        Interlocked.Decrement(ref _connectionCount);
        while (_connectionsByNetwork.TryGetValue(network, out var count))
        {
            if (count <= 1
                ? _connectionsByNetwork.TryRemove(KeyValuePair.Create(network, count))
                : _connectionsByNetwork.TryUpdate(network, count - 1, count))
            {
                return;
            }
        }
    }
}
