// A server for smbtorture's tests of connections that stop delivering: it obeys the request with which they ask for that, which no other
// host has; and for those of persistent handles. `TortureHost IP:PORT USER:PASSWORD USER2:PASSWORD2` serves the shares "memory" and "ca",
// which is continuously available as far as a memory goes, until SIGTERM. Where the environment turns its witness service on
// (Smb__Witness__Enabled), it tells of a cluster with a second node: SIGHUP has that node go, or come back, and a client and a share move to it.
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Smb3.Embedded;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TortureHost;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Tcp;

if (args.Length != 3 || !IPEndPoint.TryParse(args[0], out var endPoint))
{
    await Console.Error.WriteLineAsync("usage: TortureHost IP:PORT USER:PASSWORD USER2:PASSWORD2");
    return 2;
}

var builder = SmbServer.CreateBuilder();
builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
builder.Configure(options =>
{
    options.Listen.Clear();
    options.Transports.Add(() => new DirectTcpListener(new DeafenableListener(TcpTransportListener.Listen(endPoint, backlog: 512))));
});
builder.AddShare("memory", new MemoryFileStore());
builder.AddShare("ca", new MemoryFileStore(), static share => share.ContinuouslyAvailable = true);
builder.UseStateStore(new MemoryStateStore());
foreach (var user in args[1..])
{
    var parts = user.Split(':', 2);
    builder.AddUser(parts[0], parts[1]);
}

var second = IPAddress.Parse("127.0.0.2");
var witness = new SmbWitnessSource();
witness.SetInterfaces([new SmbWitnessInterface("NODE1", endPoint.Address) { IsLocal = true }, new SmbWitnessInterface("NODE2", second)]);
builder.Configure(options => options.Witness.Source = options.Witness.Enabled ? witness : null);
using var happening = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
{
    context.Cancel = true;
    var isThere = witness.Interfaces[1].State == SmbWitnessState.Available;
    witness.SetState("NODE2", isThere ? SmbWitnessState.Unavailable : SmbWitnessState.Available);
    witness.Publish(new SmbWitnessClientMove([second]) { ClientName = "CLIENT" });
    witness.Publish(new SmbWitnessShareMove("ca", [second]));
});

await using var server = builder.Build();
await server.StartAsync();
var ended = server.WaitForShutdownAsync();
Console.WriteLine($"listening on {endPoint}");
await ended;
return 0;
