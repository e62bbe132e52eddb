using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestPeers;

namespace Smb3.Embedded.Samples.Cluster;

/// <summary>
/// One client copies a file and holds a lock, another tries to get that lock, and meanwhile everything happens to the node that has the share.
/// </summary>
internal sealed class Demo(Network network, NodeProcess[] nodes, PostgreSqlClusterStore cluster, int databasePort)
{
    private const int BlockSize = 64 << 10;
    private const long LockOffset = 1L << 40; // beyond the data, as programs use locks to agree with each other

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Asleep = Node.LeaseTime * 2;

    private readonly List<(string What, TimeSpan Gap, TimeSpan Allowed, string Besides)> _seen = [];

    public static async Task<int> RunAsync(Network network)
    {
        var place = Directory.CreateTempSubdirectory("smb3-cluster-").FullName;
        var folder = Directory.CreateDirectory(Path.Join(place, "files")).FullName;
        using var database = new PostgreSqlServer(IPAddress.Parse(Network.HubAddress));
        await using var cluster = new PostgreSqlClusterStore(database.ConnectionString);
        NodeProcess[] nodes =
            [.. Enumerable.Range(1, network.Nodes).Select(number => new NodeProcess(network, number, folder, database.ConnectionString))];
        try
        {
            await Task.WhenAll(nodes.Select(static node => node.StartAsync()));
            return await new Demo(network, nodes, cluster, database.Port).CopyAsync(Path.Join(folder, "disk"));
        }
        finally
        {
            Array.ForEach(nodes, static node => node.Dispose());
            Directory.Delete(place, recursive: true);
        }
    }

    private async Task<int> CopyAsync(string onDisk)
    {
        await using var copier = NewClient("copy");
        await using var other = NewClient("other");
        await copier.OpenAsync("disk");
        await other.OpenAsync("disk");
        if (!await copier.TryLockAsync(LockOffset, 1))
        {
            return Fail("the lock was not granted");
        }

        var disturbing = Task.Run(() => DisturbAsync(copier));
        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var block = 0L; !disturbing.IsCompleted; block++)
        {
            var data = RandomNumberGenerator.GetBytes(BlockSize);
            sent.AppendData(data);
            await copier.WriteAsync(block * BlockSize, data);
            if (await other.TryLockAsync(LockOffset, 1))
            {
                return Fail("two hold the lock");
            }

            await Task.Delay(Pace);
        }

        await disturbing;
        await copier.CloseAsync();
        if (!await other.TryLockAsync(LockOffset, 1))
        {
            return Fail("the lock was not given back");
        }

        await other.CloseAsync();
        return await CheckAsync(Convert.ToHexString(sent.GetHashAndReset()), onDisk) && Report() ? 0 : 1;
    }

    /// <summary>Does to the node that has the share what may happen to one, and notes how long the copy stood still for it.</summary>
    private async Task DisturbAsync(PersistentClient copier)
    {
        var (death, move) = (Node.LeaseTime + TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        (string What, Func<NodeProcess, Task> Do, TimeSpan Allowed, string Besides)[] events =
        [
            ("is killed", KillAsync, death, string.Empty),
            ("is stopped, and woken", SleepAsync, death, ", and what a client waits for a silent server"),
            ("is cut from the database", CutAsync, death, string.Empty),
            ("is drained", DrainAsync, move, string.Empty),
            ("gives the share to another", MoveAsync, move, string.Empty),
        ];
        await Task.Delay(Node.LeaseTime);
        foreach (var (what, act, allowed, besides) in events)
        {
            var owner = await FindOwnerAsync();
            Console.WriteLine($"demo:   {owner.Name}, which has the share, {what}");
            copier.LongestGap = TimeSpan.Zero;
            await act(owner);
            await Task.Delay(Node.LeaseTime);
            _seen.Add(($"{owner.Name} {what}", copier.LongestGap, allowed, besides));
        }
    }

    /// <summary>Compares what was sent with what is on the disk, and with what a client gets that knows nothing but the namespace.</summary>
    private static async Task<bool> CheckAsync(string expected, string onDisk)
    {
        var found = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(onDisk)));
        var got = onDisk + ".got";
        using (var smbclient = Process.Start("smbclient",
        [
            $"//{Network.AddressOf(1)}/{Node.Namespace}", "-m", "SMB3", "-U", $"{Node.User}%{Node.Password}", "-c",
            $"cd {Node.Share}; get disk {got}",
        ]))
        {
            await smbclient.WaitForExitAsync();
        }

        var read = File.Exists(got) ? Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(got))) : "nothing";
        Console.WriteLine($"demo:   SHA-256 sent                      {expected}");
        Console.WriteLine($"demo:   SHA-256 on disk                   {found}");
        Console.WriteLine($"demo:   SHA-256 through \\\\node1\\corp\\docs  {read}");
        return (expected == found && expected == read) || Fail("the checksum is wrong") == 0;
    }

    private bool Report()
    {
        Console.WriteLine();
        Console.WriteLine($"{"the node that had the share",-40} {"longest gap",12}   at most");
        foreach (var (what, gap, allowed, besides) in _seen)
        {
            Console.WriteLine($"{what,-40} {gap.TotalSeconds,10:0.00} s   {allowed.TotalSeconds:0} s{besides}");
        }

        Console.WriteLine();
        Console.WriteLine("demo:   nothing was lost, and nobody noticed more than a pause");
        if (_seen.Any(static one => one.Besides.Length == 0 && one.Gap > one.Allowed))
        {
            Console.WriteLine("demo:   but one was longer than it should be, as on a machine that has much else to do");
        }

        return true;
    }

    private async Task KillAsync(NodeProcess node)
    {
        node.Dispose();
        await Task.Delay(Asleep);
        await node.StartAsync();
    }

    private async Task SleepAsync(NodeProcess node)
    {
        node.Pause();
        await Task.Delay(Asleep);
        node.Wake();
    }

    private async Task CutAsync(NodeProcess node)
    {
        network.CutDatabase(node.Number, isCut: true, databasePort);
        await Task.Delay(Asleep);
        network.CutDatabase(node.Number, isCut: false, databasePort);
    }

    private async Task DrainAsync(NodeProcess node)
    {
        await node.DrainAsync();
        await Task.Delay(TimeSpan.FromSeconds(1));
        await node.StartAsync();
    }

    private async Task MoveAsync(NodeProcess node)
    {
        var next = nodes[node.Number % nodes.Length];
        await cluster.RequestMoveAsync(Node.Share, next.Name, long.MaxValue, CancellationToken.None);
    }

    private async Task<NodeProcess> FindOwnerAsync()
    {
        var owner = (await cluster.ReadAsync(0, CancellationToken.None)).Shares.Single().Owner;
        return nodes.Single(node => node.Name == owner);
    }

    private PersistentClient NewClient(string name) => new(
        [.. nodes.Select(static node => new IPEndPoint(IPAddress.Parse(Network.AddressOf(node.Number)), 445))],
        Node.Share, Node.User, Node.Password, what => Console.WriteLine($"{name + ":",-7} {what}"));

    private static int Fail(string why)
    {
        Console.WriteLine("demo:   FAILED: " + why);
        return 1;
    }
}
