using System.Net;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Sessions;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>A connection that comes to nothing gives its place back, whatever it came to nothing by; else the server fills up with them.</summary>
public sealed class AcceptFailureTests : ProtocolTest
{
    private static readonly ServerLimits Few = new() { MaxConnections = 3, MaxConnectionsPerAddress = 2 };

    [Fact]
    public async Task Connections_that_are_refused_for_their_number_are_not_counted()
    {
        Start(new ServerSettings { Limits = Few });
        var first = Server.Connect();
        await first.NegotiateAsync();
        var second = Server.Connect();
        await second.NegotiateAsync();
        for (var i = 0; i < 10; i++)
        {
            await Server.Connect().WaitForCloseAsync();
        }

        await first.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the first is gone");
        await Server.LogOnAsync();
        await Server.Connect(from: IPAddress.Parse("192.0.2.1")).NegotiateAsync();
    }

    [Fact]
    public async Task Connections_that_the_host_refuses_or_fails_on_are_not_counted()
    {
        var hooks = new Refusing();
        Start(new TestServerOptions { Settings = new ServerSettings { Limits = Few }, Hooks = hooks, FaultsExpected = true });
        for (var i = 0; i < 10; i++)
        {
            hooks.Throws = i % 2 == 0;
            await Server.Connect().WaitForCloseAsync();
            await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 0, "it is not counted");
        }

        hooks.Refuses = false;
        hooks.Throws = false;
        await Server.LogOnAsync();
        await Server.LogOnAsync();
    }

    [Fact]
    public async Task A_log_that_fails_keeps_no_connection()
    {
        var log = new Failing();
        Start(new TestServerOptions
        {
            Settings = new ServerSettings { Limits = Few },
            FaultsExpected = true, // the log is a part of the server; it may be well again by the time that it is told of its fault
            Logger = inner =>
            {
                log.Inner = inner;
                return log;
            },
        });
        var first = await Server.LogOnAsync();
        await Server.LogOnAsync();
        log.Fails = true;
        for (var i = 0; i < 10; i++)
        {
            await Server.Connect().WaitForCloseAsync();
        }

        await first.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the first is gone");
        log.Fails = false;
        await Server.LogOnAsync();
    }

    [Trait("Transport", "own")] // bytes below the messages
    [Fact]
    public async Task Clients_that_vanish_at_any_moment_leave_nothing()
    {
        var hooks = new Refusing { Refuses = false };
        Start(new TestServerOptions { Settings = new ServerSettings { Limits = Few }, Hooks = hooks });
        for (var i = 0; i < 30; i++)
        {
            var client = Server.Connect();
            if (i % 3 == 1)
            {
                await client.SendBytesAsync(new byte[] { 0, 0, 1 });
            }
            else if (i % 3 == 2)
            {
                await client.NegotiateAsync();
            }

            await client.DisposeAsync();
            await TestServer.UntilAsync(() => hooks.Asked > i && Server.Graph.Connections.Count == 0, "it has come and is gone");
        }

        await Server.LogOnAsync();
        await Server.LogOnAsync();
    }

    private sealed class Refusing : SmbServerHooks
    {
        public bool Refuses { get; set; } = true;

        public bool Throws { get; set; }

        /// <summary>How many connections it was asked for.</summary>
        public int Asked { get; private set; }

        public override ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken)
        {
            Asked++;
            return Throws ? throw new InvalidOperationException("The hook is broken.") : new(!Refuses);
        }
    }

    private sealed class Failing : ILogger
    {
        public ILogger? Inner { get; set; }

        public bool Fails { get; set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => Inner!.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (Fails)
            {
                throw new IOException("The disk of the log is full.");
            }

            Inner!.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
