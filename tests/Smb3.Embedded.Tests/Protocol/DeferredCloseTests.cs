using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>A store that puts data in its place with the close: the client is told when that fails, and the handle is closed.</summary>
public sealed class DeferredCloseTests : ProtocolTest
{
    private readonly MemoryObjectStore _store = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_close_that_cannot_keep_what_was_written_says_so(bool query)
    {
        var flags = query ? CloseFlags.PostQueryAttributes : CloseFlags.None;
        Start(new TestServerOptions { Store = _ => _store });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1, 2, 3]);
        _store.Puts = NtStatus.DiskFull;
        Assert.Equal(NtStatus.DiskFull, (await file.TryCloseAsync(flags)).Status);
        Assert.Equal(NtStatus.FileClosed, (await file.TryCloseAsync(flags)).Status);
        Assert.Empty(_store.Get("f")!);
        Assert.Contains(Server.Log, entry => entry.Level == LogLevel.Warning && entry.Text.Contains("DiskFull", StringComparison.Ordinal));
        _store.Puts = NtStatus.Success;
        var again = await tree.OpenAsync("f");
        await again.WriteAsync(0, [4]);
        await again.CloseAsync(flags);
        Assert.Equal([4], _store.Get("f")!);
    }

    [Fact]
    public async Task What_is_deleted_with_its_close_is_not_uploaded_before()
    {
        Start(new TestServerOptions { Store = _ => _store });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f", access: FileAccessMask.FileAllAccess, options: CreateOptions.DeleteOnClose);
        await file.WriteAsync(0, [1, 2, 3]);
        var puts = _store.PutCount;
        await file.CloseAsync();
        Assert.Equal(puts, _store.PutCount);
        Assert.Empty(_store.Keys);
    }
}
