using System.Buffers;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class DataTests
{
    private const long Max = long.MaxValue;

    private readonly TestVolume _volume = new();

    [Theory]
    [InlineData(0L, 10, 1u, NtStatus.Success)]
    [InlineData(100L, 10, 0u, NtStatus.EndOfFile)]
    [InlineData(100L, 0, 0u, NtStatus.Success)]
    [InlineData(100L, 0, 1u, NtStatus.EndOfFile)]
    [InlineData(99L, 2, 0u, NtStatus.Success)]
    [InlineData(99L, 2, 2u, NtStatus.EndOfFile)]
    [InlineData(Max - 1, 1, 0u, NtStatus.EndOfFile)]
    [InlineData(Max, 0, 0u, NtStatus.Success)]
    [InlineData(Max, 1, 0u, NtStatus.InvalidParameter)]
    [InlineData(-1L, 0, 0u, NtStatus.InvalidParameter)]
    public async Task Reads_at_the_edges(long offset, int length, uint minimum, NtStatus status)
    {
        var open = await _volume.OpenAsync("f");
        await WriteAsync(open, 0, new byte[100]);
        Assert.Equal(status, (await ReadAsync(open, offset, length, minimum)).Status);
        await open.CloseAsync();
    }

    [Theory]
    [InlineData(-1L, 1, NtStatus.InvalidParameter)]
    [InlineData(-2L, 1, NtStatus.InvalidParameter)]
    [InlineData(long.MinValue, 0, NtStatus.InvalidParameter)]
    [InlineData(Max, 0, NtStatus.Success)]
    [InlineData(Max, 1, NtStatus.InvalidParameter)]
    [InlineData(0xfffffff0000L, 1, NtStatus.InvalidParameter)]
    [InlineData(0xfffffff0000L - 1, 1, NtStatus.DiskFull)]
    [InlineData(0xfffffff0000L, 0, NtStatus.Success)]
    public async Task Writes_at_the_edges(long offset, int length, NtStatus status)
    {
        var open = await _volume.OpenAsync("f");
        Assert.Equal(status, await WriteAsync(open, offset, new byte[length]));
        await open.CloseAsync();
    }

    [Fact]
    public async Task Rights_decide_and_directories_have_no_data()
    {
        await _volume.MakeAsync("f");
        var attributes = await _volume.OpenAsync("f", access: FileAccessMask.ReadAttributes);
        Assert.Equal(NtStatus.AccessDenied, (await ReadAsync(attributes, 0, 1)).Status);
        Assert.Equal(NtStatus.AccessDenied, await WriteAsync(attributes, 0, 1));
        Assert.Equal(NtStatus.AccessDenied, await attributes.FlushAsync(default));
        Assert.Equal(NtStatus.AccessDenied, await attributes.SetEndOfFileAsync(1, default));
        await attributes.CloseAsync();

        var execute = await _volume.OpenAsync("f", access: FileAccessMask.Execute);
        Assert.Equal(NtStatus.EndOfFile, (await ReadAsync(execute, 0, 1)).Status);
        await execute.CloseAsync();

        var directory = await _volume.MakeDirectoryAsync("d");
        Assert.Equal(NtStatus.InvalidDeviceRequest, (await ReadAsync(directory, 0, 1)).Status);
        Assert.Equal(NtStatus.InvalidDeviceRequest, await WriteAsync(directory, 0, 1));
        Assert.Equal(NtStatus.Success, await directory.FlushAsync(default));
        await directory.CloseAsync();
    }

    [Fact]
    public async Task An_open_that_can_only_append_appends()
    {
        var open = await _volume.OpenAsync("f", access: FileAccessMask.AppendData | FileAccessMask.ReadData);
        Assert.Equal(NtStatus.Success, await WriteAsync(open, 0, 1, 2));
        Assert.Equal(NtStatus.Success, await WriteAsync(open, 0, 3));
        Assert.Equal(NtStatus.Success, await WriteAsync(open, -1, 4));
        var data = new byte[10];
        Assert.Equal(4, (await open.ReadAsync(0, data, 0, default)).Value);
        Assert.Equal([1, 2, 3, 4], data[..4]);
        await open.CloseAsync();
    }

    [Fact]
    public async Task Sizes()
    {
        var open = await _volume.OpenAsync("f");
        await WriteAsync(open, 0, new byte[100]);
        Assert.Equal(NtStatus.Success, await open.SetAllocationAsync(1 << 20, default));
        Assert.Equal(100, (await MetadataAsync(open)).Length);
        Assert.Equal(NtStatus.Success, await open.SetAllocationAsync(10, default));
        Assert.Equal(10, (await MetadataAsync(open)).Length);
        Assert.Equal(NtStatus.Success, await open.SetEndOfFileAsync(50, default));
        Assert.Equal(50, (await MetadataAsync(open)).Length);
        Assert.Equal(NtStatus.InvalidParameter, await open.SetEndOfFileAsync(-1, default));
        await open.CloseAsync();
    }

    [Fact]
    public async Task Reads_and_writes_that_complete_at_once_allocate_nothing()
    {
        var open = await _volume.OpenAsync("f");
        var buffer = new byte[4096];
        var data = new ReadOnlySequence<byte>(buffer);
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
            {
                Assert.True(await open.WriteAsync(0, data, false, default) == NtStatus.Success);
                Assert.True((await open.ReadAsync(0, buffer, 0, default)).Succeeded);
            }

            if (round == 1)
            {
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
            }
        }

        await open.CloseAsync();
    }
}
