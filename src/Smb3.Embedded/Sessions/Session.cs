using System.Collections.Concurrent;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Sessions;

/// <summary>The state of a session (Session.State, MS-SMB2 3.3.1.8).</summary>
internal enum SessionState
{
    /// <summary>Authentication is under way; nothing but SESSION_SETUP and LOGOFF is served.</summary>
    InProgress,

    /// <summary>Authenticated.</summary>
    Valid,

    /// <summary>The user must authenticate again before more is served.</summary>
    Expired,

    /// <summary>It has ended.</summary>
    Ended,
}

/// <summary>How a session ends.</summary>
internal enum SessionEnd
{
    /// <summary>For good: everything that it has open is closed.</summary>
    Closed,

    /// <summary>
    /// It lost its last connection, was logged off by LOGOFF, or was replaced by a new session of the same client: its durable opens wait
    /// for the client to come back (MS-SMB2 3.3.7.1, 3.3.5.6, 3.3.5.5.3).
    /// </summary>
    Lost,
}

/// <summary>
/// An authenticated user of a client machine, with its channels, tree connects and opens (MS-SMB2 3.3.1.8). Samba: smbXsrv_session.
/// </summary>
internal sealed class Session
{
    private readonly ConcurrentDictionary<ulong, Channel> _channels = new();
    private readonly ConcurrentDictionary<uint, TreeConnect> _trees = new();
    private readonly Lock _bindingGate = new();
    private AsyncMutex? _wholeCopies;
    private MessageSigner? _bindingSigner;
    private Connection? _setUpOn;
    private readonly Lock _admission = new(); // of channels and tree connects, whose number is limited
    private uint _lastTreeId;
    private UseCount _uses = new();
    private int _inSetup;
    private Ending _ending;
    private SessionEnd _end;
    private int _state = (int)SessionState.InProgress; // never Expired: that is for the token to say
    private volatile UserOfSession? _user;

    public Session(ServerGraph graph, ulong sessionId, Connection connection)
    {
        Graph = graph;
        SessionId = sessionId;
        Origin = SessionOrigin.Of(connection);
        _setUpOn = connection;
        Opens = new OpenTable(graph.Settings.Limits.MaxOpensPerSession);
        CreatedAt = graph.Settings.TimeProvider.GetUtcNow();
    }

    public ServerGraph Graph { get; }

    public ulong SessionId { get; }

    public DateTimeOffset CreatedAt { get; }

    /// <summary>The connection that the session was set up on; its dialect, client and cipher are the session's.</summary>
    public SessionOrigin Origin { get; }

    /// <summary>Whether its client had another one before, here or elsewhere, which this one stands for (PreviousSessionId).</summary>
    public bool IsSuccessor { get; set; }

    /// <summary>
    /// Whether its client looks for another target of DFS when it is refused: Linux does. Windows, which does not, can be redirected.
    /// </summary>
    public bool FollowsDfs => (Origin.Negotiated.ClientCapabilities & Smb2Capabilities.Dfs) != 0;

    public SessionState State
    {
        get
        {
            var state = (SessionState)Volatile.Read(ref _state);
            return state == SessionState.Valid && Token!.HasExpired(Graph.Settings.TimeProvider) ? SessionState.Expired : state;
        }
    }

    /// <summary>Whether it has ended, or is about to, so that what outlives it waits for its client.</summary>
    public bool IsLost => State == SessionState.Ended && _end == SessionEnd.Lost;

    /// <summary>Whether it has a user (who may have to authenticate again) and has not ended.</summary>
    public bool IsEstablished => (SessionState)Volatile.Read(ref _state) == SessionState.Valid;

    /// <summary>Whose session it is; <see langword="null"/> until authentication has succeeded.</summary>
    public SmbIdentity? Identity => Token?.Identity;

    /// <summary>The user, as established by the last logon; <see langword="null"/> until authentication has succeeded.</summary>
    public SecurityToken? Token => _user?.Token;

    /// <summary>The same user, as the file layer sees it. For code that serves a request of the session.</summary>
    public FileCaller Caller => _user!.Caller;

    public SessionKeys? Keys { get; private set; }

    /// <summary>Seals and opens the session's messages; <see langword="null"/> when the dialect or the logon gives no encryption.</summary>
    public MessageSealer? Sealer { get; private set; }

    public bool SigningRequired { get; private set; }

    /// <summary>Whether every message after SESSION_SETUP must be encrypted.</summary>
    public bool EncryptData { get; private set; }

    /// <summary>The exchange that is under way, during the first or a further authentication.</summary>
    public IAuthenticationExchange? Exchange { get; set; }

    /// <summary>Session.PreauthIntegrityHashValue of the authentication that is under way (3.1.1).</summary>
    public PreauthTranscript? Preauth { get; set; }

    public OpenTable Opens { get; }

    /// <summary>What a macOS client has negotiated for the session, with its first CREATE.</summary>
    public AppleServerCapabilities Apple { get; set; }

    /// <summary>Has the copies of whole files run one after the other: nothing limits how much one copies.</summary>
    public AsyncMutex WholeCopies => LazyInitializer.EnsureInitialized(ref _wholeCopies)!;

    public ICollection<Channel> Channels => _channels.Values;

    public IEnumerable<TreeConnect> Trees => _trees.Values.Where(tree => !tree.HasEnded);

    /// <summary>Whether it is ending, or has no connection left and is about to end.</summary>
    public bool IsLeaving
    {
        get
        {
            if (State == SessionState.Ended)
            {
                return true;
            }

            foreach (var channel in _channels.Values)
            {
                if (!channel.Connection.IsEnding)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Whether the session goes on when <paramref name="connection"/> ends.</summary>
    public bool HasChannelBeside(Connection? connection)
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.Connection != connection && !channel.Connection.Ended.IsCancellationRequested)
            {
                return true;
            }
        }

        return false;
    }

    public Channel? ChannelOn(Connection connection) => _channels.GetValueOrDefault(connection.Id);

    /// <summary>
    /// Whether a step of an authentication may begin: one runs at a time. A true answer is followed by <see cref="EndSetup"/>.
    /// </summary>
    public bool TryBeginSetup() => Interlocked.Exchange(ref _inSetup, 1) == 0;

    public void EndSetup() => Volatile.Write(ref _inSetup, 0);

    /// <summary>Publishes a finished authentication: from here on the session is its user's and can be used.</summary>
    public void Publish(
        SecurityToken token, SessionKeys? keys, MessageSealer? sealer, Channel? channel, bool signingRequired, bool encryptData)
    {
        _user = UserOfSession.Of(token);
        Keys = keys;
        Sealer = sealer;
        SigningRequired = signingRequired;
        EncryptData = encryptData;
        if (channel is not null)
        {
            _channels[channel.Connection.Id] = channel;
        }

        _setUpOn = null;
        Interlocked.CompareExchange(ref _state, (int)SessionState.Valid, (int)SessionState.InProgress);
        Graph.Changes.Tell(SmbChangeKind.SessionStarted, this);
        if (channel is not null)
        {
            Graph.Changes.Tell(SmbChangeKind.ChannelAdded, channel);
        }
    }

    /// <summary>
    /// Verifies and signs the requests that bind the session to a further connection (Session.SigningKey, MS-SMB2 3.3.5.2.4);
    /// <see langword="null"/> while there is none. For callers that hold a use of the session.
    /// </summary>
    public MessageSigner? BindingSigner
    {
        get
        {
            if (Keys is not { } keys)
            {
                return null;
            }

            // The first channel has that key too, but may be gone.
            lock (_bindingGate)
            {
                return _bindingSigner ??= keys.CreateSigner(Origin.Negotiated.SigningAlgorithm);
            }
        }
    }

    /// <summary>Whether <paramref name="token"/> belongs to the user of this session.</summary>
    public bool IsSameUser(SecurityToken token) => Token is { } own && own.IsSameUser(token);

    /// <summary>
    /// Publishes a channel that was bound; from here on the session is present on its connection too. The session ends the channel, even if
    /// it does not accept it.
    /// </summary>
    public NtStatus TryAddChannel(Channel channel)
    {
        if (TakeChannel(channel) is var taken && taken != NtStatus.Success)
        {
            channel.End();
            return taken;
        }

        channel.Connection.Sessions[SessionId] = this;
        if (IsEstablished && !channel.Connection.Ended.IsCancellationRequested)
        {
            Graph.Changes.Tell(SmbChangeKind.ChannelAdded, channel);
            return NtStatus.Success;
        }

        // The session or the connection ended while the channel was being added.
        _channels.TryRemove(channel.Connection.Id, out _);
        channel.Connection.Sessions.TryRemove(SessionId, out _);
        channel.End();
        return NtStatus.UserSessionDeleted;
    }

    private NtStatus TakeChannel(Channel channel)
    {
        lock (_admission)
        {
            return _channels.Count >= Graph.Settings.Limits.MaxChannelsPerSession ? NtStatus.InsufficientResources
                : _channels.TryAdd(channel.Connection.Id, channel) ? NtStatus.Success
                : NtStatus.RequestNotAccepted;
        }
    }

    /// <summary>A further authentication succeeded: the user may be a different one now; the keys stay (MS-SMB2 3.3.5.5.3).</summary>
    public void Reauthenticate(SecurityToken token)
    {
        _user = UserOfSession.Of(token);
        Graph.Changes.Tell(SmbChangeKind.SessionChanged, this);
    }

    public TreeConnect? FindTree(uint treeId) => _trees.GetValueOrDefault(treeId);

    /// <summary>
    /// Adds a tree connect, for which <paramref name="share"/> has reserved a place; <see langword="null"/> when the session has reached
    /// its limit or has ended.
    /// </summary>
    public TreeConnect? AddTree(Share share, FileAccessMask maximalAccess)
    {
        lock (_admission)
        {
            if (State == SessionState.Ended || _trees.Count >= Graph.Settings.Limits.MaxTreeConnectsPerSession)
            {
                share.Leave();
                return null;
            }

            uint treeId;
            do
            {
                treeId = ++_lastTreeId;
            }
            while (treeId is 0 or uint.MaxValue || _trees.ContainsKey(treeId));

            var tree = new TreeConnect(treeId, this, share, maximalAccess);
            _trees[treeId] = tree;
            share.Add(tree);
            return tree;
        }
    }

    public void RemoveTree(TreeConnect tree) => _trees.TryRemove(tree.TreeId, out _);

    /// <summary>The connection is gone: its channel goes with it, and the session too when that was the last one.</summary>
    public async ValueTask LoseConnectionAsync(Connection connection)
    {
        if (_channels.TryRemove(connection.Id, out var channel))
        {
            Graph.Changes.Tell(SmbChangeKind.ChannelRemoved, channel);
            channel.End();
        }

        Interlocked.CompareExchange(ref _setUpOn, null, connection);

        if (_channels.IsEmpty)
        {
            await EndAsync(SessionEnd.Lost).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Takes the session off one connection, as if that connection had been lost; the connection goes too when it carries no other session.
    /// </summary>
    /// <returns>False when it had no channel there.</returns>
    public async ValueTask<bool> EndChannelAsync(Connection connection)
    {
        if (!_channels.ContainsKey(connection.Id))
        {
            return false;
        }

        connection.Sessions.TryRemove(SessionId, out _);
        await LoseConnectionAsync(connection).ConfigureAwait(false);
        if (connection.Sessions.IsEmpty)
        {
            connection.Terminate(ConnectionEndReason.EndedByHost);
        }

        return true;
    }

    /// <summary>
    /// Ends the session and all that it holds. Every cause takes this one path: logoff, lost connection, host, server stop. The first call
    /// does the work and returns true; every other call returns false once that is finished.
    /// </summary>
    public async ValueTask<bool> EndAsync(SessionEnd cause = SessionEnd.Closed)
    {
        if (!_ending.TryBegin())
        {
            await _ending.WhenOver().ConfigureAwait(false);
            return false;
        }

        var ending = default(EndingAll);
        lock (_admission)
        {
            // Whatever was admitted before this is found below; nothing is admitted after it.
            _end = cause;
            Interlocked.Exchange(ref _state, (int)SessionState.Ended);
        }

        Graph.BeginEnd(this);
        foreach (var tree in _trees.Values)
        {
            try
            {
                await tree.EndAsync(cause).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                ending.Note(e);
            }
        }

        foreach (var channel in _channels.Values)
        {
            channel.Connection.Sessions.TryRemove(SessionId, out _);
            Graph.Changes.Tell(SmbChangeKind.ChannelRemoved, channel);
            channel.End();
        }

        Interlocked.Exchange(ref _setUpOn, null)?.Sessions.TryRemove(SessionId, out _);
        Graph.FinishEnd(this);
        Release();
        _ending.Finish(ending.Failure);
        ending.ThrowIfFailed();
        return true;
    }

    /// <summary>
    /// Keeps the keys alive while a request or a response uses them; false when the session is over and the keys are gone. Every true
    /// answer is followed by one <see cref="Release"/>.
    /// </summary>
    public bool TryUse() => _uses.TryUse();

    public void Release()
    {
        if (_uses.Release())
        {
            ForgetKeys();
        }
    }

    private void ForgetKeys()
    {
        Exchange?.Dispose();
        Exchange = null;
        foreach (var channel in _channels.Values)
        {
            // A channel that was published while the session was ending.
            channel.End();
        }

        _channels.Clear();
        _bindingSigner?.Dispose();
        Sealer?.Dispose();
        Keys?.Dispose();
    }

    /// <summary>The token and its view, which change together.</summary>
    private sealed record UserOfSession(SecurityToken Token, FileCaller Caller)
    {
        public static UserOfSession Of(SecurityToken token) => new(token, new FileCaller(token.Authorization));
    }
}
