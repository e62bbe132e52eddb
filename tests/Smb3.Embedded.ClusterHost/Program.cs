// Nodes of a cluster for tests: `ClusterHost DATABASE FOLDER USER:PASSWORD [lease=SECONDS] NODE=IP[:PORT][,IP[:PORT]]... [DO...]` serves the share
// "files" at each address, of which clients are told the first, on port 445 unless it says another, until SIGTERM. All nodes are in this process, and
// DATABASE is `memory`; or it is that of PostgreSQL, and other processes have other nodes. Then come words like `split=PATH@NODE`, done one after the
// other when all nodes serve, and from standard input, a line each: `split=PATH@NODE`, `join=PATH`, `move=PATH@NODE` (a part, or the whole for no
// path), `drain=NODE`, `stop=NODE`. Each is answered by `done` or `failed`.
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Smb3.Embedded;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.ClusterHost;
using Smb3.Embedded.PostgreSql;

if (args.Length < 4 || !args[2].Contains(':', StringComparison.Ordinal))
{
    await Console.Error.WriteLineAsync("usage: ClusterHost DATABASE|memory FOLDER USER:PASSWORD [lease=SECONDS] NODE=IP[:PORT]... [split=PATH@NODE...]");
    return 2;
}

const int SmbPort = 445;
var user = args[2].Split(':', 2);
var lease = TimeSpan.FromSeconds(5);
var nodes = new Dictionary<string, SmbServer>(StringComparer.OrdinalIgnoreCase);
var words = new List<string>();
await using IClusterStore cluster = args[0] == "memory" ? new MemoryClusterStore() : new PostgreSqlClusterStore(args[0]);
foreach (var argument in args[3..])
{
    var (name, value) = argument.Split('=', 2) switch { [var left, var right] => (left, right), _ => (argument, string.Empty) };
    if (name == "lease")
    {
        lease = TimeSpan.FromSeconds(int.Parse(value, CultureInfo.InvariantCulture));
        continue;
    }

    IPEndPoint?[] endPoints = [.. value.Split(',').Select(static text => IPEndPoint.TryParse(text, out var endPoint) ? endPoint : null)];
    if (endPoints.Contains(null))
    {
        words.Add(argument);
        continue;
    }

    var builder = SmbServer.CreateBuilder();
    builder.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    builder.Configure(options =>
    {
        options.Listen.Clear();
        foreach (var endPoint in endPoints)
        {
            options.Listen.Add(endPoint!.Port == 0 ? new IPEndPoint(endPoint.Address, SmbPort) : endPoint);
        }

        options.ServerName = name.ToUpperInvariant();
    });
    builder.AddUser(user[0], user[1]);
    builder.AddShare("files", args[1], static share => share.Clustered = true);
    builder.UseCluster(cluster, options =>
    {
        options.Node = name;
        options.Addresses.Add(endPoints[0]!.Address);
        options.LeaseTime = lease;
    });
    nodes.Add(name, builder.Build());
}

try
{
    foreach (var node in nodes.Values)
    {
        await node.StartAsync();
    }

    var orders = new Orders(nodes);
    foreach (var word in words)
    {
        Console.WriteLine(await orders.ObeyAsync(word));
    }

    Console.WriteLine($"listening on {string.Join(", ", nodes.Keys)}");
    var ended = Task.WhenAll(nodes.Values.Select(static node => node.WaitForShutdownAsync()));
    _ = Task.Run(async () =>
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            Console.WriteLine(await orders.ObeyAsync(line));
        }
    });
    await ended;
    return 0;
}
finally
{
    foreach (var node in nodes.Values)
    {
        await node.DisposeAsync();
    }
}
