using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Clustering;
using Smb3.Embedded.Hosting.Inspection;
using Smb3.Embedded.Hosting.Interfaces;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Reload;
using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Hosting.Standalone;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.State;

namespace Smb3.Embedded;

/// <summary>
/// An SMB file server inside this process. It can be started and stopped any number of times, and several can run side by side.
/// Members are safe for concurrent use.
/// </summary>
/// <example>
/// <code>
/// var builder = SmbServer.CreateBuilder(args);
/// builder.AddShare("docs", "/srv/docs").AddUser("alice", "secret");
/// await builder.Build().RunAsync();
/// </code>
/// </example>
public sealed partial class SmbServer : IAsyncDisposable
{
    /// <summary>Name of the server's <see cref="System.Diagnostics.Metrics.Meter"/>.</summary>
    public const string MeterName = ServerMetrics.Name;

    /// <summary>Name of the server's <see cref="ActivitySource"/>.</summary>
    public const string ActivitySourceName = ServerMetrics.Name;

    /// <summary>The category of the server's log; that of one with a name has it behind, after a dot.</summary>
    public const string LogCategory = "Smb3.Embedded.SmbServer";

    private readonly ShareTurns _turn = new();
    private readonly ServerParts _parts;
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly ServerEndPoints _endPoints;
    private readonly ProgramHost? _program;
    private readonly SettingsReload? _reload;
    private readonly IStateStore? _state;
    private readonly ClusterLife? _cluster;
    private readonly IReadOnlyList<IPAddress> _clusterAddresses = [];
    private readonly WitnessSettings? _witness;
    private readonly SmbUsersFile? _usersFile;
    private readonly UserChanges _changes;
    private readonly CompanionLife _companions;
    private ServerRun? _run;
    private volatile TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _life;
    private bool _disposed;

    internal SmbServer(
        string name,
        SmbServerOptions options,
        ILoggerFactory loggers,
        System.Diagnostics.Metrics.IMeterFactory? meters,
        ProgramHost? owned,
        SettingsSource? source = null)
    {
        OptionsValidator.Check(options);
        Name = name;
        _program = owned;
        _state = options.StateStore;
        _endPoints = ServerEndPoints.Of(options);
        var logger = loggers.CreateLogger(name.Length == 0 ? LogCategory : $"{LogCategory}.{name}");
        var settings = SettingsFactory.Create(options) with { Directory = DirectorySetup.Create(options, logger) };
        _usersFile = options.UsersFile is { } file ? new SmbUsersFile(file, logger, settings.TimeProvider) : null;
        var users = UserDirectory.Join(options.Users, _usersFile, options.UserStore);
        var logons = LogonSetup.Create(options, settings, users, _random, logger);
        _parts = new ServerParts(
            settings,
            logons.Authenticator,
            logons.Accounts,
            new LogonThrottle(SettingsFactory.Copy(options.LogonThrottle), settings.TimeProvider),
            options.Hooks,
            logger,
            new ServerMetrics(meters, name.Length > 0 ? name : settings.ServerName),
            new ActivitySource(ActivitySourceName))
        {
            RpcAuthenticators = logons.Rpc,
            Interfaces = new InterfaceScan(
                new InterfaceFilter(options.Interfaces), [.. options.AdvertisedInterfaces], settings.TimeProvider),
        };
        Shares = new SmbShareCollection(
            settings,
            [.. options.Shares, .. options.Namespaces.Select(space => new HostedNamespace(space.Clone(), settings.TimeProvider).ToShare())],
            options.StateStore, options.Cluster.Store is not null, _turn, _parts.Logger, _parts.Metrics);
        Namespaces = new SmbNamespaceCollection(Shares, settings.TimeProvider);
        Users = new SmbUserCollection(options.Users, EndOwnSessionsAsync);
        _companions = new CompanionLife(settings.TimeProvider, logger);
        _changes = new UserChanges(users, EndSessionsAsync, logger);
        if (options.Cluster.Store is not null)
        {
            var node = options.Cluster.Node.Length > 0 ? options.Cluster.Node : settings.ServerName;
            _clusterAddresses = [.. options.Cluster.Addresses];
            _cluster = new ClusterLife(options.Cluster, node, Shares.Owned, options.Witness.Enabled, _parts);
            Cluster = new SmbCluster(_cluster);
        }

        _witness = options.Witness.Enabled ? WitnessSettings.Create(options, _endPoints.Own, _cluster?.Placement.Witness.Source) : null;
        Witness = _witness is null ? null : new SmbWitness(_witness.Source, () => Volatile.Read(ref _run)?.Witness);
        _parts.Metrics.Observe(
            () => Inspector.Sessions(Graph).Count,
            () => Inspector.Sessions(Graph).Sum(static pair => (long)pair.Session.Opens.Count),
            () => Graph?.Clients.Sum(static client => (long)client.Leases.Count) ?? 0);
        if (source is not null)
        {
            var change = new SettingsChange(options, new ChangeableParts(settings.Limits, Users, Shares, Namespaces), logger);
            _reload = new SettingsReload(source, change, settings.TimeProvider, logger);
        }
    }

    /// <summary>The name that it was registered under; empty unless there are several.</summary>
    public string Name { get; }

    /// <summary>Whether it is running, stopped or in between.</summary>
    public SmbServerState State => (SmbServerState)Volatile.Read(ref _life);

    /// <summary>Where it listens, with the real ports; empty while it does not run.</summary>
    public IReadOnlyList<EndPoint> EndPoints => Volatile.Read(ref _run)?.EndPoints ?? [];

    /// <summary>Its shares.</summary>
    public SmbShareCollection Shares { get; }

    /// <summary>Its DFS namespaces, which are among its shares.</summary>
    public SmbNamespaceCollection Namespaces { get; }

    /// <summary>The cluster that it is a node of; <see langword="null"/>: none.</summary>
    public SmbCluster? Cluster { get; }

    /// <summary>The users that it keeps itself.</summary>
    public SmbUserCollection Users { get; }

    /// <summary>Its witness service; <see langword="null"/> when it has none.</summary>
    public SmbWitness? Witness { get; }

    /// <summary>Whether it runs and every end point still accepts.</summary>
    internal bool IsHealthy => State == SmbServerState.Running && Volatile.Read(ref _run) is { IsHealthy: true };

    /// <summary>What lives beside it; set before the first start.</summary>
    internal IReadOnlyList<ISmbServerCompanion> Companions { init => _companions.All = value; }

    internal ServerGraph? Graph => Volatile.Read(ref _run)?.Graph;

    /// <summary>
    /// Begins a stand-alone server, as <c>WebApplication.CreateBuilder</c> begins an app: configuration from <c>appsettings.json</c> and
    /// <c>appsettings.{Environment}.json</c> (beside the program, then in the current directory), user secrets in Development, environment
    /// variables (<c>Smb__Listen__0=…</c>) and <paramref name="args"/> (<see cref="SmbCommandLine"/>, or <c>--Smb:Listen=…</c>); logging to the
    /// console. The section <c>Smb</c> is bound to the options, and followed when a file changes.
    /// </summary>
    /// <param name="args">Arguments of the program.</param>
    public static SmbServerBuilder CreateBuilder(string[]? args = null) => SmbServerBuilder.CreateStandalone(args);

    /// <summary>Opens the shares and the end points. When the task ends, connections are accepted.</summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="InvalidOperationException">It is already running.</exception>
    /// <exception cref="SmbServerStartException">A folder or an end point cannot be used; nothing was left open.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_program is not null)
        {
            await _program.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_run is not null)
            {
                throw new InvalidOperationException("The server runs already.");
            }

            Become(SmbServerState.Starting);
            var run = await NewRunAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await Shares.Served.OpenAsync(run.Graph.Shares).ConfigureAwait(false);
                await RecoverAsync(run, cancellationToken).ConfigureAwait(false);
                _endPoints.Listen(run);
                if (_witness is not null)
                {
                    await run.OpenWitnessAsync(_witness, static endPoint => ServerEndPoints.Listen(endPoint, "Witness", portable: true)).ConfigureAwait(false);
                }

                cancellationToken.ThrowIfCancellationRequested();
            }
            catch
            {
                await run.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
                run.Dispose();
                await Shares.Served.CloseAsync(keepStores: true).ConfigureAwait(false);
                await LeaveClusterAsync().ConfigureAwait(false);
                Become(SmbServerState.Stopped);
                throw;
            }

            _stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            run.Begin();
            Volatile.Write(ref _run, run);
            _cluster?.Begin(run);
            Become(SmbServerState.Running);
            await _companions.StartAsync(this, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Stops: accepts no new connections, lets running requests finish (within the drain time-out), and closes everything. Does nothing
    /// when it is not running. It can be started again.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for running requests; what they held is closed all the same.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await HandOverAsync(cancellationToken).ConfigureAwait(false);
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await StopRunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Starts, and runs until <see cref="WaitForShutdownAsync"/> has stopped it.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidOperationException">It is already running.</exception>
    /// <exception cref="SmbServerStartException">A folder or an end point cannot be used.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        await WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until the process is asked to end (SIGTERM, SIGINT, Ctrl-C), the token is cancelled, or until a call of
    /// <see cref="StopAsync"/>, and stops the server. A second signal ends the wait for running requests. The signals are caught from
    /// the moment of the call until the task has ended.
    /// </summary>
    /// <param name="cancellationToken">Stops it.</param>
    /// <remarks>Hosted services of a stand-alone server, which began with its first start, end after it.</remarks>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken = default)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var hurry = new CancellationTokenSource();
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!asked.TrySetResult())
            {
                hurry.Cancel();
            }
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var cancelled = cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), asked);
        using var programEnds = (_program?.Stopping ?? default)
            .UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), asked);
        await Task.WhenAny(asked.Task, State == SmbServerState.Stopped ? Task.CompletedTask : _stopped.Task).ConfigureAwait(false);
        await StopAsync(hurry.Token).ConfigureAwait(false);
        if (_program is not null)
        {
            await _program.StopAsync(hurry.Token).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Reads the settings again and applies what has changed: users, shares, namespaces and limits. It happens by itself when a source of the
    /// configuration tells of a change; this is for those that do not, and for who wants to know the outcome.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for another change; what was applied by then stays.</param>
    /// <returns>What could not be applied, such as a share whose folder is not there; everything else was.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings are invalid, and nothing was changed.</exception>
    /// <exception cref="InvalidDataException">A file that had settings cannot be read or has none any more, and nothing was changed.</exception>
    public Task<IReadOnlyList<string>> ReloadSettingsAsync(CancellationToken cancellationToken = default) =>
        _reload?.ApplyAsync(refresh: true, cancellationToken) ?? Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Ends all sessions of a user.</summary>
    /// <param name="userName">
    /// The user's name, or <c>DOMAIN\user</c>; case is ignored. A name alone means every account of that name, in any
    /// domain; guests have none.
    /// </param>
    /// <returns>How many there were.</returns>
    public ValueTask<int> EndSessionsAsync(string userName)
    {
        ArgumentNullException.ThrowIfNull(userName);
        return EndSessionsAsync(identity => identity.IsAccount(userName));
    }

    /// <summary>Ends the sessions of one of the server's own accounts; those of another account of the same name continue.</summary>
    private ValueTask<int> EndOwnSessionsAsync(string userName) =>
        EndSessionsAsync(identity => identity is { AccountDomain: "" } && identity.IsAccount(userName));

    private async ValueTask<int> EndSessionsAsync(Func<SmbIdentity, bool> isWhose)
    {
        var ended = 0;
        foreach (var (session, identity) in Inspector.Sessions(Graph))
        {
            if (isWhose(identity) && await session.EndAsync().ConfigureAwait(false))
            {
                ended++;
            }
        }

        if (_run is { } run)
        {
            run.Witness?.End(isWhose);
            await run.Graph.Opens.CloseDisconnectedAsync(open => isWhose(open.Owner.Identity)).ConfigureAwait(false);
        }

        return ended;
    }

    /// <summary>Stops it for good and releases what it owns. The stores and users of the host remain the host's.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_reload is not null)
        {
            await _reload.DisposeAsync().ConfigureAwait(false);
        }

        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _changes.Dispose();
            _usersFile?.Dispose();
            await StopRunAsync(CancellationToken.None).ConfigureAwait(false);
            await Shares.Served.CloseAsync(keepStores: false).ConfigureAwait(false);
            _parts.Changes.Complete();
            _parts.Settings.Directory?.Dispose();
            _parts.Metrics.Dispose();
            _parts.Activities.Dispose();
            _random.Dispose();
        }
        finally
        {
            _turn.Release();
        }

        if (_program is not null)
        {
            await _program.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task StopRunAsync(CancellationToken hurry)
    {
        if (_run is not { } run)
        {
            return;
        }

        Become(SmbServerState.Stopping);
        await _companions.StopAsync(hurry).ConfigureAwait(false);
        if (_cluster is not null)
        {
            await _cluster.StopAsync().ConfigureAwait(false);
        }

        await run.StopAsync(_parts.Settings.DrainTimeout, hurry).ConfigureAwait(false);
        run.Dispose();
        await Shares.Served.CloseAsync(keepStores: true).ConfigureAwait(false);
        await LeaveClusterAsync().ConfigureAwait(false);
        Volatile.Write(ref _run, null);
        Become(SmbServerState.Stopped);
        ServerLog.Stopped(_parts.Logger);
        _stopped.TrySetResult();
    }

    /// <summary>Gives the clustered shares to other nodes, while everything else goes on.</summary>
    private async Task HandOverAsync(CancellationToken hurry)
    {
        if (_cluster is null || State != SmbServerState.Running)
        {
            return;
        }

        using var patience = new CancellationTokenSource(_parts.Settings.DrainTimeout, _parts.Settings.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, hurry);
        await _cluster.DrainAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task LeaveClusterAsync() => _cluster?.EndAsync() ?? Task.CompletedTask;

    /// <summary>A run that clients know as the same server as the one before it.</summary>
    private async ValueTask<ServerRun> NewRunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await RecallAsync(cancellationToken).ConfigureAwait(false) is not { } identity)
            {
                return new ServerRun(_parts);
            }

            var run = new ServerRun(_parts with
            {
                Settings = _parts.Settings with { ServerGuid = identity.ServerGuid },
                FirstFileId = identity.FirstFileId,
            });
            run.Graph.Shares.Cluster = _cluster?.Shares;
            return run;
        }
        catch (Exception e)
        {
            await LeaveClusterAsync().ConfigureAwait(false);
            Become(SmbServerState.Stopped);
            throw e is OperationCanceledException or SmbServerStartException ? e
                : new SmbServerStartException($"The state store cannot be used: {e.Message}", e);
        }
    }

    private async ValueTask<ServerIdentity?> RecallAsync(CancellationToken cancellationToken)
    {
        var guid = _parts.Settings.ServerGuid;
        if (_cluster is null)
        {
            return _state is null ? null : await ServerIdentity.RecallAsync(_state, guid, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var incarnation = await _cluster.JoinAsync(ReachableAt(), cancellationToken).ConfigureAwait(false);
            return await ServerIdentity.RecallAsync(_cluster.Store.State, _cluster.Node, incarnation, guid, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new SmbServerStartException($"The cluster cannot be joined: {e.Message}", e);
        }
    }

    /// <summary>Where other nodes send the clients of a share that is here.</summary>
    private IEnumerable<IPAddress> ReachableAt() => _clusterAddresses.Count > 0 ? _clusterAddresses
        : _parts.Interfaces.Find([.. _endPoints.Own]).Select(static found => found.Address).Distinct();

    private static async ValueTask RecoverAsync(ServerRun run, CancellationToken cancellationToken)
    {
        try
        {
            await run.RecoverAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new SmbServerStartException($"What clients had open cannot be read from the state store: {e.Message}", e);
        }
    }

    private void Become(SmbServerState state) => Volatile.Write(ref _life, (int)state);
}
