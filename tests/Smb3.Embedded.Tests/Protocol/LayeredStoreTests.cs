using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Tests.Storage.Layers;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Stores on stores, as clients see them.</summary>
public sealed class LayeredStoreTests : ProtocolTest
{
    [Fact]
    public async Task A_share_with_a_quota_is_full_for_every_handle_until_something_goes()
    {
        Start(new TestServerOptions { Store = store => store.WithQuota(100_000) });
        var tree = await Server.ConnectToAsync();
        var one = await tree.OpenAsync("one", access: FileAccessMask.FileAllAccess, options: CreateOptions.DeleteOnClose);
        await one.WriteAsync(0, new byte[60_000]);
        var two = await tree.OpenAsync("two");
        Assert.Equal(NtStatus.DiskFull, await two.TryWriteAsync(0, new byte[40_001]));
        Assert.Equal(NtStatus.DiskFull, await one.TryWriteAsync(60_000, new byte[40_001]));
        await one.CloseAsync();
        await two.WriteAsync(0, new byte[40_001]);
        await two.CloseAsync();
    }

    [Fact]
    public async Task What_is_deleted_with_its_last_close_is_in_the_bin_after_it()
    {
        Start(new TestServerOptions { Store = store => store.WithRecycleBin() });
        var tree = await Server.ConnectToAsync();
        var one = await tree.OpenAsync("file", access: FileAccessMask.FileAllAccess);
        await one.WriteAsync(0, [1, 2, 3]);
        var two = await tree.OpenAsync("file", access: FileAccessMask.FileAllAccess, options: CreateOptions.DeleteOnClose);
        await two.CloseAsync();
        Assert.Equal(["file"], await Server.Memory.TreeAsync(string.Empty));
        await one.WriteAsync(3, [4]);
        await one.CloseAsync();
        var kept = Assert.Single(await Server.Memory.TreeAsync(string.Empty));
        Assert.Matches(@"^\.recycle\\\d{4}-\d\d-\d\d\\file$", kept);
        Assert.Equal(NtStatus.AccessDenied, await tree.TryOpenAsync(kept, access: FileAccessMask.WriteData));
        var file = await tree.OpenAsync(kept, access: FileAccessMask.ReadData | FileAccessMask.Delete, options: CreateOptions.DeleteOnClose);
        Assert.Equal([1, 2, 3, 4], await file.ReadAsync(0, 10));
        await file.CloseAsync();
        Assert.Empty(await Server.Memory.TreeAsync(string.Empty));
    }

    [Fact]
    public async Task A_store_that_is_read_only_says_so()
    {
        Start(new TestServerOptions { Store = store => store.ReadOnly() });
        await Server.Memory.FileOfAsync("file", 3);
        var tree = await Server.ConnectToAsync();
        Assert.Equal(NtStatus.MediaWriteProtected, await tree.TryOpenAsync("new", CreateDisposition.Create));
        var file = await tree.OpenAsync("file", CreateDisposition.Open, FileAccessMask.ReadData);
        Assert.Equal([1, 1, 1], await file.ReadAsync(0, 10));
        await file.CloseAsync();
    }
}
