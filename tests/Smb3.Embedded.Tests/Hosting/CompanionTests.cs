using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

public sealed class CompanionTests
{
    [Fact]
    public async Task It_starts_when_the_server_listens_and_stops_before_it_does_not()
    {
        var companion = new Witnessing();
        await using var server = Create(companion);
        for (var run = 1; run <= 2; run++)
        {
            await server.StartAsync();
            Assert.NotEqual(0, companion.Port);
            await server.StopAsync();
            Assert.Equal((run, run, SmbServerState.Stopping), (companion.Starts, companion.Stops, companion.StateAtStop));
            Assert.Equal(1, companion.EndPointsAtStop);
        }
    }

    [Fact]
    public async Task One_that_fails_or_hangs_does_not_keep_the_server_from_starting_or_stopping()
    {
        await using var time = new PatientTime(TimeSpan.FromMilliseconds(500));
        var last = new Witnessing();
        await using var server = Create(time, new Failing(), new Hanging(), last);
        await server.StartAsync();
        Assert.Equal((SmbServerState.Running, 1), (server.State, last.Starts));
        await server.StopAsync();
        Assert.Equal((SmbServerState.Stopped, 1), (server.State, last.Stops));
    }

    private static SmbServer Create(params ISmbServerCompanion[] companions) => Create(TimeProvider.System, companions);

    private static SmbServer Create(TimeProvider time, params ISmbServerCompanion[] companions)
    {
        var options = new SmbServerOptions { TimeProvider = time };
        options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0));
        return new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null) { Companions = companions };
    }

    private sealed class Witnessing : ISmbServerCompanion
    {
        private SmbServer? _server;

        public int Starts { get; private set; }

        public int Stops { get; private set; }

        public int Port { get; private set; }

        public int EndPointsAtStop { get; private set; }

        public SmbServerState StateAtStop { get; private set; }

        public Task StartAsync(SmbServer server, CancellationToken cancellationToken)
        {
            (_server, Port) = (server, ((IPEndPoint)server.EndPoints[0]).Port);
            Starts++;
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Stops++;
            (StateAtStop, EndPointsAtStop) = (_server!.State, _server.EndPoints.Count);
            return Task.CompletedTask;
        }
    }

    private sealed class Failing : ISmbServerCompanion
    {
        public Task StartAsync(SmbServer server, CancellationToken cancellationToken) => throw new InvalidOperationException("it does not start");

        public Task StopAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("it does not stop");
    }

    /// <summary>Does not even look at its token.</summary>
    private sealed class Hanging : ISmbServerCompanion
    {
        public Task StartAsync(SmbServer server, CancellationToken cancellationToken) => new TaskCompletionSource().Task;

        public Task StopAsync(CancellationToken cancellationToken) => new TaskCompletionSource().Task;
    }
}
