using System.Diagnostics;
using System.Globalization;
using System.Net;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.Tests.Hosting.Clustering;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// How long the shares of a node that dies are away: two nodes in one process, the first of which has all shares and is cut from what they have in
/// common. The schema <c>smb3 takeover</c> is made for it and dropped.
/// </summary>
internal static class Takeover
{
    private const string Schema = "smb3 takeover";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    /// <summary>Runs it.</summary>
    /// <param name="arguments">How many shares, and the connection string of a database; without one in memory.</param>
    public static async Task RunAsync(string[] arguments)
    {
        var shares = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var folder = Directory.CreateTempSubdirectory("smb3-takeover-").FullName;
        await using var memory = new MemoryClusterStore();
        var stores = new List<IClusterStore>();
        try
        {
            for (var i = 0; i < shares; i++)
            {
                Directory.CreateDirectory(Path.Join(folder, $"{i}"));
            }

            var (first, way) = Node("first");
            var (second, _) = Node("second");
            await first.StartAsync();
            await UntilAllAsync(first, shares);
            await second.StartAsync();
            way.IsCut = true;
            var began = Stopwatch.GetTimestamp();
            var firstOne = TimeSpan.Zero;
            await UntilAllAsync(second, shares, () => firstOne = firstOne == TimeSpan.Zero ? Stopwatch.GetElapsedTime(began) : firstOne);
            var all = Stopwatch.GetElapsedTime(began);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{shares} shares, lease {Lease.TotalSeconds} s: the first is back after {firstOne.TotalSeconds:N2} s, all after {all.TotalSeconds:N2} s"));
            way.IsCut = false;
            await second.DisposeAsync();
            await first.DisposeAsync();
        }
        finally
        {
            foreach (var store in stores)
            {
                await store.DisposeAsync();
            }

            Directory.Delete(folder, recursive: true);
        }

        (SmbServer Server, CutClusterStore Way) Node(string name)
        {
            IClusterStore store = memory;
            if (arguments.Length > 1)
            {
                stores.Add(store = new PostgreSqlClusterStore(arguments[1], new PostgreSqlStoreOptions { Schema = Schema }));
            }

            var way = new CutClusterStore(store);
            var builder = SmbServer.CreateBuilder().Listen(new IPEndPoint(IPAddress.Loopback, 0)).UseCluster(way, cluster =>
            {
                cluster.Node = name;
                cluster.LeaseTime = Lease;
                cluster.Addresses.Add(IPAddress.Loopback);
            });
            for (var i = 0; i < shares; i++)
            {
                builder.AddShare($"share {i}", Path.Join(folder, $"{i}"), static share => share.Clustered = true);
            }

            return (builder.AddUser("alice", "Pa$$w0rd").Build(), way);
        }
    }

    private static async Task UntilAllAsync(SmbServer server, int count, Action? one = null)
    {
        for (var here = 0; here < count;)
        {
            await Task.Delay(20);
            here = server.Cluster!.Shares.Count(static share => share.IsHere);
            if (here > 0)
            {
                one?.Invoke();
            }
        }
    }
}
