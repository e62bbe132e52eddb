using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Contention.Clusters;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Faults;
using Smb3.Embedded.Contention.Power;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Tcp;

// Many clients open, lock, cache, read, write, rename, delete, list, watch and break off, in random order, on the same few files.
//
//   dotnet run -c Release --project tests/Smb3.Embedded.Contention -- --seconds 60 --seed 7
//
//   dotnet run -c Release --project tests/Smb3.Embedded.Contention -- faults --seconds 60 --seed 7 --clients 8
//
// With the word `faults`: clients with one to eight channels each, which are cut, stalled and made to deliver twice, while they write.
//
//   dotnet run -c Release --project tests/Smb3.Embedded.Contention -- crash --seconds 60 --seed 7
//
// With the word `crash`: the server is samples/ConsoleHost, a process of its own that is killed and started again and again, while clients
// with persistent handles work on a continuously available share and go on where they were.
//
//   dotnet run -c Release --project tests/Smb3.Embedded.Contention -- power --seconds 10 --cuts 200 --seed 7
//
// With the word `power`: the share and the state lie on a disk that logs its writes. For many moments the disk is put together as a loss of
// power then leaves it, and a server must find there what clients had been told. Needs root and Debian's nbdkit, nbdkit-plugin-python,
// libnbd-bin, fuse3 and e2fsprogs.
//
//   dotnet run -c Release --project tests/Smb3.Embedded.Contention -- cluster --seconds 60 --seed 7
//
// With the word `cluster`: three nodes, each a process, and a PostgreSQL server. Nodes are killed, stopped and continued, cut from the database and from
// their clients, drained; their clocks are set; the share moves, is split and joined; the database is killed and stands still. What the nodes answer is also compared
// with who had the share by the database. Needs Debian's postgresql, and libfaketime for the clocks.
//
//   --seconds N   how long (20)          --seed N     what they do (1)
//   --clients N   how many (8)           --files N    on how many files (5)
//   --target HOST:PORT --share NAME --user NAME --password WORD    a server that runs, instead of one in this process
//   --over rdma   without a word, and with faults: clients are connected over SMB Direct inside the process, with the data of READ and WRITE
//                 beside the messages: as it is, signed and sealed; with faults, every fourth channel is another stream
//   --kills N     crash: how often the server is killed, instead of how long    --events N    cluster: how often something happens
//   --server FILE crash, cluster: another program than the one built
//   --keep yes    crash, cluster: keeps the share, the state and the logs
//   --cuts N      power: how many moments (200)           --cut N      power: this one alone
//
// Exit code: 0: nothing was wrong; 1: something was; 2: bad arguments.
const int Faster = 8; // the clock of the server in this process: 35 seconds for a break are a little more than four
var usual = TimeSpan.FromSeconds(35);

var values = new Dictionary<string, string>(StringComparer.Ordinal);
var faults = args is ["faults", ..];
var crash = args is ["crash", ..];
var power = args is ["power", ..];
var inCluster = args is ["cluster", ..];
for (var i = faults || crash || power || inCluster ? 1 : 0; i < args.Length; i += 2)
{
    if (!args[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == args.Length)
    {
        await Console.Error.WriteLineAsync($"Not understood: {args[i]}");
        return 2;
    }

    values[args[i][2..]] = args[i + 1];
}

int Number(string name, int usually) =>
    values.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : usually;

var report = new RunReport();
if (power)
{
    var powerRun = new PowerProgram(values.GetValueOrDefault("server"), values.ContainsKey("keep"), ConnectAsync, report);
    await powerRun.RunAsync(
        Number("seed", 1), TimeSpan.FromSeconds(Number("seconds", 10)), Number("clients", 4), Number("cuts", 200),
        values.ContainsKey("cut") ? Number("cut", 1) : null);
    return Verdict();
}

var ledger = new WriteLedger();
LocalServer? server = null;
ServerPlace? place = null;
ClusterPlace? clusterPlace = null;
Func<Task<IByteStream>> connect;
if (crash)
{
    place = ServerPlace.Make(values.GetValueOrDefault("server"));
    connect = () => ConnectAsync(place.EndPoint);
}
else if (inCluster)
{
    clusterPlace = new ClusterPlace(values.GetValueOrDefault("server"));
    connect = () => throw new InvalidOperationException("A client of a cluster knows its node.");
}
else if (values.TryGetValue("target", out var target))
{
    var endPoint = IPEndPoint.Parse(target);
    connect = () => ConnectAsync(endPoint);
}
else
{
    server = await LocalServer.StartAsync(new AcceleratedTime(Faster), ledger);
    connect = () => Task.FromResult(server.Connect());
}

if (values.TryGetValue("over", out var over) && (over != "rdma" || server is null))
{
    await Console.Error.WriteLineAsync("--over knows rdma, for a server in this process.");
    return 2;
}

var settings = new RunSettings
{
    Rdma = over is null ? null : server!.Rdma,
    Seed = Number("seed", 1),
    Time = TimeSpan.FromSeconds(Number("seconds", 20)),
    Clients = Number("clients", 8),
    Files = Number("files", 5),
    Share = values.GetValueOrDefault("share", inCluster ? ClusterPlace.Share : LocalServer.Share),
    User = values.GetValueOrDefault("user", LocalServer.User),
    Password = values.GetValueOrDefault("password", LocalServer.Password),
    BreakTimeout = server is null ? usual : usual / Faster,
    Connect = connect,
};
if (place is not null)
{
    var run = new CrashSettings { Run = settings, Folder = place.Folder, Kills = values.ContainsKey("kills") ? Number("kills", 0) : null };
    await new CrashRun(run, place, report).RunAsync();
    place.IsKept = values.ContainsKey("keep");
    if (!report.IsFine)
    {
        Console.WriteLine("again: " + run.Command("crash"));
    }

    Console.WriteLine(place.IsKept ? "everything is in " + place.Home : "");
    place.Dispose();
}
else if (clusterPlace is not null)
{
    var run = new CrashSettings { Run = settings, Folder = clusterPlace.Folder, Kills = values.ContainsKey("events") ? Number("events", 0) : null };
    await new ClusterRun(run, clusterPlace, ConnectAsync, report).RunAsync();
    clusterPlace.IsKept = values.ContainsKey("keep");
    Console.WriteLine(clusterPlace.IsKept ? "everything is in " + clusterPlace.Home : "");
    clusterPlace.Dispose();
}
else if (faults)
{
    await new FaultRun(settings, ledger, report).RunAsync();
}
else
{
    await new ContentionRun(settings, report).RunAsync();
}

if (server is not null)
{
    foreach (var left in await server.FindLeftoversAsync())
    {
        report.Wrong("the server", left);
    }

    await server.DisposeAsync();
}

return Verdict();

int Verdict()
{
    Console.WriteLine($"seed {Number("seed", 1)}, {report.Elapsed.TotalSeconds:f1} s: {report.Line()}");
    Console.WriteLine(report.IsFine ? "fine" : $"{report.WrongCount} things wrong");
    return report.IsFine ? 0 : 1;
}

static async Task<IByteStream> ConnectAsync(IPEndPoint endPoint)
{
    var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    try
    {
        // A server that is not there refuses at once.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        await socket.ConnectAsync(endPoint, patience.Token);
        return new TcpTransportConnection(socket);
    }
    catch
    {
        socket.Dispose();
        throw;
    }
}
