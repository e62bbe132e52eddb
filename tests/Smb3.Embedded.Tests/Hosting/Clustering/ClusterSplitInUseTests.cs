using System.Text;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>A share is split at a folder that clients use: what they cached is there, what they had open ends, and nothing of it keeps others out.</summary>
public sealed class ClusterSplitInUseTests : ClusterTest
{
    private readonly SmbTestClientOptions _other = new() { ClientGuid = Guid.NewGuid() };

    [Fact]
    public async Task What_is_open_in_the_folder_ends_and_what_is_open_above_goes_on()
    {
        var (first, second) = await StartAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var above = Guid.NewGuid();
        var top = await KeepAsync(tree, "top", above);
        var kept = await KeepAsync(tree, @"Data\kept", CreateGuid);
        await top.WriteAsync(0, "top"u8.ToArray());
        await kept.WriteAsync(0, "kept"u8.ToArray());
        (await tree.CallAsync(Smb2Command.Lock, RequestBody.Lock(
            kept.FileId, [new LockElement(0, 4, LockFlags.Exclusive | LockFlags.FailImmediately)], 1, 1))).Expect(NtStatus.Success);
        var away = await first.ConnectAsync("vm", new SmbTestClientOptions { ClientGuid = Guid.NewGuid() });
        await AnswerAsync(away, Create(away, @"Data\away", Persistent(Guid.NewGuid(), lease: ReadHandle), Smb2OplockLevel.Lease)); // nothing to write back
        await away.Session.Connection.DisposeAsync();
        var plain = await first.ConnectAsync("vm", _other);
        await plain.OpenAsync(@"Data\due", options: CreateOptions.DeleteOnClose);
        await plain.OpenAsync("Data", CreateDisposition.Open, FileAccessMask.ListDirectory, options: CreateOptions.DirectoryFile);

        var part = await first.Server.Cluster!.SplitAsync("vm", "data", "b", closeOpens: true);
        await UntilServedAsync(first);
        await UntilServedAsync(second, part);

        // The client comes back for both: one is there, and the other is neither here nor there.
        tree = await first.ConnectAsync("vm", Client);
        top = await BackAsync(tree, "top", top.FileId, above);
        Assert.Equal("top"u8.ToArray(), await top.ReadAsync(0, 3));
        Assert.NotEqual(NtStatus.Success, (await ReconnectAsync(tree, @"Data\kept", kept.FileId)).Status);
        var there = await second.ConnectAsync(part, Client);
        Assert.NotEqual(NtStatus.Success, (await ReconnectAsync(there, "kept", kept.FileId)).Status);

        // Nobody waits for anybody's handle or lock there, and what was due is done.
        foreach (var name in new[] { "kept", "away" })
        {
            var alone = await there.OpenAsync(name, CreateDisposition.Open, share: ShareAccess.None);
            Assert.Equal(name == "kept" ? "kept"u8.ToArray() : [], name == "kept" ? await alone.ReadAsync(0, 4) : []);
            await alone.WriteAsync(0, [1]);
        }

        Assert.Equal(NtStatus.ObjectNameNotFound, await there.TryOpenAsync("due"));
        Assert.False(first.Log.HasFaults || second.Log.HasFaults);
    }

    [Fact]
    public async Task What_clients_cache_is_written_back_before()
    {
        var (first, second) = await StartAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var cached = await AnswerAsync(tree, Create(tree, @"Data\cached", Persistent(lease: ReadWriteHandle), Smb2OplockLevel.Lease));
        Assert.Equal(ReadWriteHandle, cached.Lease!.Value.State);
        var splitting = first.Server.Cluster!.SplitAsync("vm", "data", "b", closeOpens: true);
        var notice = BreakAnswer.Parse((await tree.Session.Connection.NextUnsolicitedAsync()).Message);
        Assert.Equal((Key, Smb2LeaseState.None), (notice.LeaseKey, notice.NewState));

        // Nothing is cached there anew meanwhile, and elsewhere as ever.
        var other = await first.ConnectAsync("vm", _other);
        Assert.Equal(CacheState.None, await LeaseAsync(other, @"Data\new", new Guid(1, 0, 0, new byte[8])));
        Assert.Equal(CacheState.Read | CacheState.Write | CacheState.Handle, await LeaseAsync(other, "new", new Guid(2, 0, 0, new byte[8])));
        await new SmbTestFile(tree, cached).WriteAsync(0, "written back"u8.ToArray());
        Assert.False(splitting.IsCompleted);
        (await tree.CallAsync(Smb2Command.OplockBreak, RequestBody.LeaseBreakAcknowledgment(Key, Smb2LeaseState.None))).Expect(NtStatus.Success);
        var part = await splitting;
        await UntilServedAsync(second, part);
        var there = await second.ConnectAsync(part);
        Assert.Equal("written back", Encoding.ASCII.GetString(await (await there.OpenAsync("cached", CreateDisposition.Open)).ReadAsync(0, 100)));
    }

    [Fact]
    public async Task A_client_that_is_away_with_something_to_write_back_keeps_the_share_whole()
    {
        var (first, _) = await StartAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var cached = await AnswerAsync(tree, Create(tree, @"Data\cached", Persistent(lease: ReadWriteHandle), Smb2OplockLevel.Lease));
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => first.Server.Graph!.Opens.DisconnectedCount > 0, "its client is away");
        await Assert.ThrowsAsync<InvalidOperationException>(() => first.Server.Cluster!.SplitAsync("vm", "data", closeOpens: true));
        Assert.DoesNotContain(first.Server.Cluster!.Shares, static share => share.PartOf is not null);

        // It comes back for its handle, is asked then, and its cache is written.
        tree = await first.ConnectAsync("vm", Client);
        var file = await BackAsync(tree, @"Data\cached", cached.FileId, CreateGuid, Key);
        await file.WriteAsync(0, "late"u8.ToArray());
        await file.CloseAsync();
        await first.Server.Cluster.SplitAsync("vm", "data", closeOpens: true);
        Assert.Equal(CacheState.Read | CacheState.Write | CacheState.Handle, await LeaseAsync(await first.ConnectAsync("vm", _other), "new", Key));
    }

    [Fact]
    public async Task A_store_that_does_not_close_what_is_open_keeps_the_share_whole()
    {
        var calls = new HungCalls { IgnoreCancellation = true };
        Files = new HangingStore(Files, calls);
        var (first, _) = await StartAsync();
        var tree = await first.ConnectAsync("vm", Client);
        await KeepAsync(tree, @"Data\kept", CreateGuid, CreateOptions.DeleteOnClose);
        calls.Hang("delete");
        try
        {
            await Assert.ThrowsAsync<TimeoutException>(() => first.Server.Cluster!.SplitAsync("vm", "data", closeOpens: true));
        }
        finally
        {
            calls.Release();
        }

        Assert.DoesNotContain(first.Server.Cluster!.Shares, static share => share.PartOf is not null);
        await UntilServedAsync(first);
        Assert.Equal(NtStatus.Success, await (await first.ConnectAsync("vm")).TryOpenAsync("Data", options: CreateOptions.DirectoryFile, access: FileAccessMask.ReadAttributes));
    }

    private async Task<(TestNode First, TestNode Second)> StartAsync()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await first.ConnectAsync("vm");
        await (await tree.OpenAsync("Data", options: CreateOptions.DirectoryFile, access: FileAccessMask.ReadAttributes)).CloseAsync();
        return (first, second);
    }

    private static async Task<SmbTestFile> KeepAsync(SmbTestTree tree, string name, Guid createGuid, CreateOptions options = CreateOptions.None) =>
        new(tree, await AnswerAsync(tree, Create(tree, name, Persistent(createGuid), options: options)));

    private static async Task<SmbTestFile> BackAsync(SmbTestTree tree, string name, Smb2FileId id, Guid createGuid, Guid? leaseKey = null) => new(
        tree, CreateAnswer.Parse((await ReconnectAsync(tree, name, id, createGuid, leaseKey: leaseKey)).Expect(NtStatus.Success).Message));

    /// <summary>Opens a file that nobody has, and asks for a lease with everything.</summary>
    private static async Task<CacheState> LeaseAsync(SmbTestTree tree, string name, Guid key)
    {
        var answer = await AnswerAsync(tree, Create(
            tree, name, (ref CreateContextWriter writer) => writer.Lease(new LeaseContext { Version = 2, LeaseKey = key, State = ReadWriteHandle }),
            Smb2OplockLevel.Lease));
        return (CacheState)(answer.Lease?.State ?? Smb2LeaseState.None);
    }
}
