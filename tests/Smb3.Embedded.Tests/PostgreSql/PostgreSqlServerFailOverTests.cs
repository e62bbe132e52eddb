using System.Diagnostics;
using System.Net;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Nt;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.TestPeers;
using Smb3.Embedded.Tests.Hosting.Clustering;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;
using Xunit.Abstractions;

namespace Smb3.Embedded.Tests.PostgreSql;

/// <summary>The primary of the database dies under three servers and their clients, and a synchronous standby takes over.</summary>
[Collection(PostgreSqlPlace.Collection)]
public sealed class PostgreSqlServerFailOverTests(ITestOutputHelper output)
{
    [PostgreSqlFact]
    public async Task Clients_lose_neither_their_connections_nor_what_was_acknowledged()
    {
        using var old = new PostgreSqlServer();
        using var standby = new PostgreSqlServer(primary: old);
        old.Execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
        old.Execute("SELECT pg_reload_conf()");
        await TestServer.UntilAsync(
            () => old.Ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") is 1L, "the standby follows");
        var files = new MemoryFileStore();
        await using var stores = new Ending<PostgreSqlClusterStore>();
        await using var nodes = new Ending<TestNode>();
        foreach (var name in new[] { "a", "b", "c" })
        {
            var store = stores.Add(new PostgreSqlClusterStore(old.ConnectionStringWith(standby), new PostgreSqlStoreOptions()));
            var node = nodes.Add(new TestNode(name, new IPAddress([192, 0, 2, (byte)(nodes.All.Count + 1)]), store, [("vm", files)]));
            Assert.Equal(TimeSpan.FromSeconds(10), new SmbClusterOptions().LeaseTime); // as it is without being set
            await node.Server.StartAsync();
            await TestServer.UntilAsync(() => nodes.All[0].Serves("vm"), "the first has the share");
        }

        var first = nodes.All[0];
        var before = (await stores.All[0].ReadAsync(0, CancellationToken.None)).Shares.Single();
        var incarnations = await IncarnationsAsync(stores.All[0]);

        // Some only write, which needs nothing of the database; others open, lock and close, which does.
        using var enough = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(i => new ClusterClient(nodes.All, $"w{i}")).ToList();
        var openers = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => Opener.StartAsync(first, i)));
        List<Task> running = [.. writers.Select(writer => writer.RunAsync(enough.Token)), .. openers.Select(opener => opener.RunAsync(enough.Token))];
        await TestServer.UntilAsync(() => writers.All(static one => one.Writes > 50) && openers.All(static one => one.Opens > 5), "all work");

        // Between a third and half of the lease after its death there is a primary again.
        old.Kill9();
        var died = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(3.5));
        standby.Execute("SELECT pg_promote()");
        var away = Stopwatch.GetElapsedTime(died);
        Assert.InRange(away, TimeSpan.FromSeconds(10 / 3.0), TimeSpan.FromSeconds(5));
        var opens = openers.Select(static one => one.Opens).ToList();
        await TestServer.UntilAsync(() => openers.Zip(opens).All(static pair => pair.First.Opens > pair.Second + 5), "all open files again");
        await Task.Delay(TimeSpan.FromSeconds(11)); // nor does anything happen when the leases of before are over
        await enough.CancelAsync();
        await Task.WhenAll(running);
        output.WriteLine($"No primary for {away.TotalSeconds:0.00} s. Longest gap: writes {Longest(writers.Select(static one => one.LongestGap))}"
            + $", opens, locks and closes {Longest(openers.Select(static one => one.LongestGap))}.");

        Assert.All(writers, static one => Assert.Empty(one.Losses));
        var after = (await stores.All[1].ReadAsync(0, CancellationToken.None)).Shares.Single();
        Assert.Equal((before.Owner, before.Epoch, before.Incarnation), (after.Owner, after.Epoch, after.Incarnation));
        Assert.Equal(incarnations, await IncarnationsAsync(stores.All[2]));

        // Another node goes on with what the standby has been told, before and after.
        await first.Server.Cluster!.MoveAsync("vm", "c");
        var third = nodes.All[2];
        await TestServer.UntilAsync(() => third.Serves("vm"), "the third has the share");
        var stranger = await third.ConnectAsync("vm");
        using var more = new CancellationTokenSource();
        running = [.. writers.Select(writer => writer.RunAsync(more.Token))];
        await TestServer.UntilAsync(() => writers.All(static one => one.At == "c"), "all write there, by the handles that they had");
        await more.CancelAsync();
        await Task.WhenAll(running);
        foreach (var writer in writers)
        {
            Assert.Equal([writer.Last], await writer.ReadAsync());
        }

        foreach (var opener in openers)
        {
            await opener.CheckAsync(third, stranger);
        }
    }

    private static string Longest(IEnumerable<TimeSpan> gaps) => $"{gaps.Max().TotalSeconds:0.00} s";

    private static async Task<List<(string, long)>> IncarnationsAsync(PostgreSqlClusterStore store) =>
        [.. (await store.ReadAsync(0, CancellationToken.None)).Nodes.Select(static node => (node.Node.Name, node.Incarnation)).Order()];

    /// <summary>A client with a file that it has locked, one byte more each time, and with others that it makes and closes.</summary>
    private sealed class Opener
    {
        private readonly Guid _createGuid = Guid.NewGuid();
        private readonly int _number;
        private readonly SmbTestTree _tree;
        private SmbTestFile? _locked;
        private ulong _locks;

        private Opener(int number, SmbTestTree tree) => (_number, _tree) = (number, tree);

        public int Opens { get; private set; }

        public TimeSpan LongestGap { get; private set; }

        public static async Task<Opener> StartAsync(TestNode node, int number)
        {
            var client = new SmbTestClientOptions { ClientGuid = Guid.NewGuid(), Dialects = [Smb2Dialect.Smb311] };
            var opener = new Opener(number, await node.ConnectAsync("vm", client));
            opener._locked = await OpenAsync(opener._tree, $"locked{number}", opener._createGuid);
            return opener;
        }

        public async Task RunAsync(CancellationToken enough)
        {
            while (!enough.IsCancellationRequested)
            {
                await TimeAsync(async () => Assert.Equal(NtStatus.Success, await _locked!.LockAsync(_locks, 1)));
                _locks++;
                SmbTestFile made = null!;
                await TimeAsync(async () => made = await OpenAsync(_tree, $"made{_number}-{Opens}", Guid.NewGuid()));
                await made.WriteAsync(0, BitConverter.GetBytes(Opens));
                await TimeAsync(() => made.CloseAsync());
                Opens++;
                await Task.Delay(20, CancellationToken.None); // so that it does not end with too many locks
            }
        }

        /// <summary>Everything that was acknowledged is there, and nothing more.</summary>
        public async Task CheckAsync(TestNode node, SmbTestTree stranger)
        {
            for (var i = 0; i < Opens; i++)
            {
                var made = await stranger.OpenAsync($"made{_number}-{i}", CreateDisposition.Open, share: ShareAccess.None); // it is closed
                Assert.Equal(BitConverter.GetBytes(i), await made.ReadAsync(0, 100));
                await made.CloseAsync();
            }

            var tree = await node.ConnectAsync("vm", _tree.Session.Connection.Options);
            var body = RequestBody.Create($"locked{_number}", SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
                writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(_locked!.FileId, _createGuid, DurableHandleFlags.Persistent)));
            var again = CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message);
            var beside = await stranger.OpenAsync($"locked{_number}", CreateDisposition.Open);
            for (var i = 0UL; i < _locks; i++)
            {
                Assert.Equal(NtStatus.LockNotGranted, await beside.LockAsync(i, 1));
            }

            Assert.Equal(NtStatus.Success, await beside.LockAsync(_locks, 1));
            await new SmbTestFile(tree, again).CloseAsync();
            Assert.Equal(NtStatus.Success, await beside.LockAsync(0, _locks));
        }

        private static async Task<SmbTestFile> OpenAsync(SmbTestTree tree, string name, Guid createGuid)
        {
            var body = RequestBody.Create(name, SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
                writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, createGuid)));
            return new SmbTestFile(tree, CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message));
        }

        private async Task TimeAsync(Func<Task> what)
        {
            var began = Stopwatch.GetTimestamp();
            await what();
            var gap = Stopwatch.GetElapsedTime(began);
            LongestGap = gap > LongestGap ? gap : LongestGap;
        }
    }

    /// <summary>What ends together, the last first.</summary>
    private sealed class Ending<T> : IAsyncDisposable
        where T : IAsyncDisposable
    {
        public List<T> All { get; } = [];

        public T Add(T one)
        {
            All.Add(one);
            return one;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var one in Enumerable.Reverse(All))
            {
                await one.DisposeAsync();
            }
        }
    }
}
