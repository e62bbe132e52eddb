using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>
/// A node dies, or is stopped until another one has what it had and then goes on, at each step of a split or of a join. Whatever had been
/// done by then, the tree has one owner of each of its parts, shows all that was in it once, and has lost nothing that was open.
/// </summary>
public sealed class ClusterPartDeathTests
{
    private const int AtOnce = 6;

    public enum Fate
    {
        Dies,
        IsStopped,
    }

    public enum Act
    {
        Split,
        SplitInUse,
        Join,
    }

    [Theory]
    [InlineData(Act.Split, 0, Fate.Dies)]
    [InlineData(Act.Split, 0, Fate.IsStopped)]
    [InlineData(Act.SplitInUse, 0, Fate.Dies)]
    [InlineData(Act.SplitInUse, 0, Fate.IsStopped)]
    [InlineData(Act.Join, 0, Fate.Dies)] // who joins
    [InlineData(Act.Join, 0, Fate.IsStopped)]
    [InlineData(Act.Join, 1, Fate.Dies)] // who has the part
    [InlineData(Act.Join, 1, Fate.IsStopped)]
    public async Task At_every_step_there_is_one_owner_and_nothing_is_lost(Act act, int victim, Fate fate)
    {
        await using var time = new PatientTime();
        var joins = act == Act.Join;
        List<string> steps;
        await using (var whole = new Scene(time, act))
        {
            await whole.StartAsync();
            steps = await whole.RecordAsync(victim);
            Assert.Equal(!joins, await whole.IsSplitAsync());
            await whole.CheckAsync("nothing happens");
        }

        foreach (var expected in victim == 1 ? ["Release begins", "Release is done"]
            : joins ? new[] { "RequestMove begins", "Take begins", "Take is done", "Acquire begins", "RemovePart begins", "RemovePart is done" }
            : ["Configure begins", "AddPart begins", "AddPart is done", "Take begins", "Take is done", "Acquire begins"])
        {
            Assert.Contains(expected, steps);
        }

        var reached = 0;
        foreach (var some in steps.Index().Chunk(AtOnce))
        {
            var happened = await Task.WhenAll(some.Select(async step =>
            {
                await using var scene = new Scene(time, act);
                await scene.StartAsync();
                var happened = await scene.RunAsync(victim, fate, step.Index);
                await scene.CheckAsync($"a node {fate} at step {step.Index}, {step.Item}");
                return happened;
            }));
            reached += happened.Count(static one => one);
        }

        Assert.InRange(reached, steps.Count * 3 / 4, steps.Count); // what is committed together may differ
    }

    /// <summary>A cluster of two nodes with a share, and something open in it.</summary>
    private sealed class Scene(PatientTime time, Act act) : IAsyncDisposable
    {
        private const string Used = @"Data\used";

        private readonly MemoryClusterStore _cluster = new(time);
        private readonly MemoryFileStore _files = new();
        private readonly List<TestNode> _nodes = [];
        private readonly SmbTestClientOptions _client = new() { ClientGuid = Guid.NewGuid(), Dialects = [Smb2Dialect.Smb311] };
        private readonly Guid _createGuid = Guid.NewGuid();
        private readonly Guid _usedGuid = Guid.NewGuid();
        private Smb2FileId _kept;
        private Smb2FileId _used;
        private TestNode? _dead;

        public async Task StartAsync()
        {
            foreach (var name in new[] { "a", "b" })
            {
                var address = new IPAddress([192, 0, 2, (byte)(_nodes.Count + 1)]);
                var node = new TestNode(name, address, _cluster, [("vm", _files)], options =>
                {
                    options.TimeProvider = time;
                    options.Cluster.LeaseTime = TimeSpan.FromSeconds(3);
                });
                _nodes.Add(node);
                await node.Server.StartAsync();
                await TestServer.UntilAsync(
                    () => _nodes[0].Serves("vm") && _nodes[0].Server.Cluster!.Nodes.Count(static node => node.IsAlive) == _nodes.Count,
                    "the first node serves the share, and knows the others");
            }

            var tree = await _nodes[0].ConnectAsync("vm", _client);
            await (await tree.OpenAsync("Data", options: CreateOptions.DirectoryFile, access: FileAccessMask.ReadAttributes)).CloseAsync();
            foreach (var name in new[] { "top", @"Data\old" })
            {
                var file = await tree.OpenAsync(name);
                await file.WriteAsync(0, Encoding.ASCII.GetBytes(name));
                await file.CloseAsync();
            }

            if (act == Act.Join)
            {
                await _nodes[0].Server.Cluster!.SplitAsync("vm", "Data", "b");
                tree = await _nodes[0].ConnectAsync("vm", _client);
            }

            _kept = await KeepAsync(tree, "kept", _createGuid);
            if (act == Act.SplitInUse)
            {
                _used = await KeepAsync(tree, Used, _usedGuid);
            }
        }

        /// <summary>What a node does when nothing happens to it.</summary>
        public async Task<List<string>> RecordAsync(int node)
        {
            var steps = new ConcurrentQueue<string>();
            _nodes[node].Store.Passing = step =>
            {
                steps.Enqueue(step);
                return Task.CompletedTask;
            };
            await ActAsync();
            _nodes[node].Store.Passing = null;
            return [.. steps];
        }

        /// <summary>Lets something happen to a node at one of its steps.</summary>
        /// <returns>Whether it came to that.</returns>
        public async Task<bool> RunAsync(int victim, Fate fate, int at)
        {
            var node = _nodes[victim];
            var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var happened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var step = -1;
            node.Store.Passing = _ =>
            {
                if (Interlocked.Increment(ref step) == at)
                {
                    node.Store.IsCut = fate == Fate.Dies;
                    node.Store.Stopped = fate == Fate.IsStopped ? goOn.Task : null;
                    happened.SetResult();
                }

                return Task.CompletedTask;
            };
            using var noMore = new CancellationTokenSource();
            var acting = ActAsync(noMore.Token);
            await Task.WhenAny(happened.Task, acting);
            if (!happened.Task.IsCompleted)
            {
                await acting;
                node.Store.Passing = null;
                return false;
            }

            await node.DropClientsAsync();
            var other = _nodes[1 - victim];
            await TestServer.UntilAsync(() => other.Serves("vm") && (victim == 0 || acting.IsCompleted), "the other node has what it had");
            if (fate == Fate.IsStopped)
            {
                // What was under way comes now, too late.
                node.Store.Stopped = null;
                goOn.SetResult();
            }
            else
            {
                _dead = node;
                await noMore.CancelAsync();
            }

            await acting.WaitAsync(TimeSpan.FromMinutes(1)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            node.Store.Passing = null;
            return true;
        }

        public async Task<bool> IsSplitAsync() => (await PartsAsync()).Count > 0;

        /// <summary>Everything is there, once.</summary>
        public async Task CheckAsync(string when)
        {
            try
            {
                await CheckAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"When {when}: {e.Message}", e);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in _nodes)
            {
                node.Store.IsCut = false;
                await node.DisposeAsync();
            }

            await _cluster.DisposeAsync();
        }

        private async Task ActAsync(CancellationToken noMore = default)
        {
            // A node that has lost the share may wait for it for ever.
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), time);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, noMore);
            if (act == Act.Join)
            {
                await _nodes[0].Server.Cluster!.JoinAsync("vm", "Data", patience.Token);
            }
            else
            {
                await _nodes[0].Server.Cluster!.SplitAsync("vm", "Data", closeOpens: act == Act.SplitInUse, cancellationToken: patience.Token);
            }
        }

        private async Task<List<ClusterShareState>> PartsAsync() =>
            [.. (await _cluster.ReadAsync(0, CancellationToken.None)).Shares.Where(static share => share is { PartOf: "vm", Folder: not null })];

        private async Task CheckAsync()
        {
            var living = _nodes.Where(node => node != _dead).ToList();
            var parts = await PartsAsync();
            Assert.InRange(parts.Count, 0, 1);
            var whole = await OwnerAsync(living, "vm");
            var tree = await whole.ConnectAsync("vm", _client);
            Assert.Equal("top", await ReadAsync(tree, "top"));
            Assert.Equal(["Data", "kept", "top"], await ListAsync(tree));
            if (parts.Count == 0)
            {
                Assert.Equal(@"Data\old", await ReadAsync(tree, @"Data\old"));
            }
            else
            {
                Assert.Equal(NtStatus.PathNotCovered, await tree.TryOpenAsync(@"Data\old"));
                var part = await OwnerAsync(living, parts[0].Share);
                Assert.Equal(@"Data\old", await ReadAsync(await part.ConnectAsync(parts[0].Share), "old"));
            }

            var kept = (await ReclaimAsync(tree, "kept", _kept, _createGuid))!;
            Assert.Equal("kept"u8.ToArray(), await kept.ReadAsync(0, 4));
            await kept.CloseAsync();
            if (act == Act.SplitInUse)
            {
                await CheckUsedAsync(living, tree, parts);
            }

            // And it can be done now, or undone.
            if (parts.Count == 0)
            {
                await whole.Server.Cluster!.SplitAsync("vm", "Data");
            }
            else
            {
                await whole.Server.Cluster!.JoinAsync("vm", "Data");
            }

            Assert.Equal(parts.Count == 0, await IsSplitAsync());
        }

        /// <summary>What was open in the folder has lost nothing that was written, and keeps nobody out of the part.</summary>
        private async Task CheckUsedAsync(List<TestNode> living, SmbTestTree tree, List<ClusterShareState> parts)
        {
            if (await ReclaimAsync(tree, Used, _used, _usedGuid) is { } used)
            {
                Assert.Empty(parts);
                await used.CloseAsync();
            }

            var there = parts.Count == 0 ? tree : await (await OwnerAsync(living, parts[0].Share)).ConnectAsync(parts[0].Share, _client);
            var alone = await there.OpenAsync(parts.Count == 0 ? Used : "used", CreateDisposition.Open, share: ShareAccess.None);
            Assert.Equal(Used, Encoding.ASCII.GetString(await alone.ReadAsync(0, 100)));
            await alone.CloseAsync();
        }

        /// <summary>Writes its name into a file, by a handle that is to outlive the node.</summary>
        private static async Task<Smb2FileId> KeepAsync(SmbTestTree tree, string name, Guid createGuid)
        {
            var body = RequestBody.Create(name, SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
                writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, createGuid)));
            var file = new SmbTestFile(tree, CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message));
            await file.WriteAsync(0, Encoding.ASCII.GetBytes(name));
            return file.FileId;
        }

        private static async Task<SmbTestFile?> ReclaimAsync(SmbTestTree tree, string name, Smb2FileId id, Guid createGuid)
        {
            var body = RequestBody.Create(name, SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
                writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(id, createGuid, DurableHandleFlags.Persistent)));
            var response = await tree.CallAsync(Smb2Command.Create, body);
            return response.Status == NtStatus.Success ? new SmbTestFile(tree, CreateAnswer.Parse(response.Message)) : null;
        }

        /// <summary>The one node that has a share, once all have settled.</summary>
        private static async Task<TestNode> OwnerAsync(List<TestNode> living, string share)
        {
            await TestServer.UntilAsync(() => living.Any(node => node.Serves(share)), $"somebody serves {share}");
            await TestServer.UntilAsync(
                () => living.All(node => node.Server.Cluster!.Shares.Any(seen => seen.Name == share && seen.Owner is not null)
                    && node.Serves(share) == node.Server.Cluster.Shares.Any(seen => seen.Name == share && seen.Owner == node.Name)),
                $"all agree on who serves {share}");
            return Assert.Single(living, node => node.Serves(share));
        }

        private static async Task<string> ReadAsync(SmbTestTree tree, string name)
        {
            var file = await tree.OpenAsync(name, CreateDisposition.Open);
            var data = await file.ReadAsync(0, 100);
            await file.CloseAsync();
            return Encoding.ASCII.GetString(data);
        }

        private static async Task<IEnumerable<string>> ListAsync(SmbTestTree tree)
        {
            var directory = await tree.OpenAsync(string.Empty, CreateDisposition.Open, FileAccessMask.ListDirectory, options: CreateOptions.DirectoryFile);
            var response = await tree.CallAsync(
                Smb2Command.QueryDirectory,
                RequestBody.QueryDirectory(directory.FileId, "*", FileInformationClass.FileIdBothDirectoryInformation));
            await directory.CloseAsync();
            return ListReader.Directory(
                FileInformationClass.FileIdBothDirectoryInformation, OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer)
                .Select(static file => file.Name).Where(static name => name is not "." and not "..").Order(StringComparer.Ordinal);
        }
    }
}
