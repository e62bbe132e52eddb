using System.Buffers;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Names;
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
    public async Task An_open_that_can_only_append_writes_where_it_is_told_to()
    {
        var open = await _volume.OpenAsync("f", access: FileAccessMask.AppendData | FileAccessMask.ReadData);
        Assert.Equal(NtStatus.Success, await WriteAsync(open, 0, 1, 2));
        Assert.Equal(NtStatus.Success, await WriteAsync(open, 1, 3));
        Assert.Equal(NtStatus.Success, await WriteAsync(open, -1, 4));
        Assert.Equal(NtStatus.Success, await WriteAsync(open, 5, 5));
        Assert.Equal(NtStatus.InvalidParameter, await WriteAsync(open, -2, 6));
        var data = new byte[10];
        Assert.Equal(6, (await open.ReadAsync(0, data, 0, default)).Value);
        Assert.Equal([1, 3, 4, 0, 0, 5], data[..6]);
        await open.CloseAsync();
    }

    [Theory]
    [InlineData(0, 512, NtStatus.Success)]
    [InlineData(1024, 1024, NtStatus.Success)]
    [InlineData(0, 0, NtStatus.Success)]
    [InlineData(0, 511, NtStatus.InvalidParameter)]
    [InlineData(0, 513, NtStatus.InvalidParameter)]
    [InlineData(1, 512, NtStatus.InvalidParameter)]
    [InlineData(511, 512, NtStatus.InvalidParameter)]
    public async Task An_unbuffered_open_reads_and_writes_whole_sectors(long offset, int length, NtStatus status)
    {
        var open = await _volume.OpenAsync("f", options: CreateOptions.NoIntermediateBuffering);
        await open.SetEndOfFileAsync(4096, default);
        Assert.Equal(status, await WriteAsync(open, offset, new byte[length]));
        Assert.Equal(status, (await ReadAsync(open, offset, length)).Status);
        await open.CloseAsync();

        var appending = await _volume.OpenAsync("f", access: FileAccessMask.AppendData, options: CreateOptions.NoIntermediateBuffering);
        Assert.Equal(length % 512 == 0 ? NtStatus.Success : NtStatus.InvalidParameter, await WriteAsync(appending, -1, new byte[length]));
        await appending.CloseAsync();

        var buffered = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await WriteAsync(buffered, offset, new byte[length]));
        Assert.Equal(NtStatus.Success, (await ReadAsync(buffered, offset, length)).Status);
        await buffered.CloseAsync();
    }

    [Theory]
    [InlineData(FileAttributes.IntegrityStream)]
    [InlineData(FileAttributes.NoScrubData)]
    [InlineData(FileAttributes.IntegrityStream | FileAttributes.NoScrubData | FileAttributes.Hidden)]
    public async Task What_only_ReFS_has_may_be_asked_for_and_is_ignored(FileAttributes attributes)
    {
        foreach (var disposition in new[] { CreateDisposition.Create, CreateDisposition.Open, CreateDisposition.OverwriteIf })
        {
            var open = await _volume.OpenAsync("f", disposition, attributes: attributes);
            const FileAttributes OfReFS = FileAttributes.IntegrityStream | FileAttributes.NoScrubData;
            Assert.Equal((FileAttributes)0, (await MetadataAsync(open)).Attributes & OfReFS);
            await open.CloseAsync();
        }
    }

    [Theory]
    [InlineData("missing", NtStatus.ObjectNameNotFound)]
    [InlineData("directory", NtStatus.FileIsADirectory)]
    [InlineData("file", NtStatus.NotADirectory)]
    public async Task The_index_of_a_directory_is_no_file(string name, NtStatus status)
    {
        await _volume.MakeAsync("directory", directory: true);
        await _volume.MakeAsync("file");
        foreach (var suffix in new[] { "::$INDEX_ALLOCATION", ":$I30:$INDEX_ALLOCATION" })
        {
            foreach (var disposition in new[] { CreateDisposition.Open, CreateDisposition.OpenIf })
            {
                Assert.Equal(status, await _volume.StatusAsync(name + suffix, disposition, CreateOptions.NonDirectoryFile));
            }
        }

        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("missing"));
    }

    [Theory]
    [InlineData(":new", NtStatus.Success)]
    [InlineData(":new:$DATA", NtStatus.Success)]
    [InlineData(":new:$data", NtStatus.Success)]
    [InlineData(":st*r?", NtStatus.Success)]
    [InlineData(":", NtStatus.InvalidParameter)]
    [InlineData("::", NtStatus.InvalidParameter)]
    [InlineData(":new:", NtStatus.InvalidParameter)]
    [InlineData(":a:$DATA:b", NtStatus.InvalidParameter)]
    [InlineData(":a:b:c:d", NtStatus.InvalidParameter)]
    [InlineData(":a\\b", NtStatus.InvalidParameter)]
    [InlineData(":a/b:$DATA", NtStatus.InvalidParameter)]
    [InlineData(":a:$DA/TA", NtStatus.InvalidParameter)]
    [InlineData(":new:$INDEX_ALLOCATION", NtStatus.ObjectTypeMismatch)]
    [InlineData(":new:$BITMAP", NtStatus.ObjectTypeMismatch)]
    [InlineData("::$BITMAP", NtStatus.ObjectTypeMismatch)]
    [InlineData("::$DATA", NtStatus.ObjectNameCollision)]
    [InlineData("f:new", NtStatus.InvalidParameter)]
    public async Task Each_refusal_of_a_stream_s_new_name_has_its_status(string name, NtStatus status)
    {
        var stream = await _volume.OpenAsync("f:stream");
        Assert.Equal(status, await stream.RenameAsync(name, false, false, null, default));
        await stream.CloseAsync();
        var long_ = await _volume.OpenAsync("f:other");
        Assert.Equal(NtStatus.InvalidParameter, await long_.RenameAsync(":" + new string('x', 256), false, false, null, default));
        Assert.Equal(NtStatus.Success, await long_.RenameAsync(":" + new string('x', 255), false, false, null, default));
        await long_.CloseAsync();
    }

    [Theory]
    [InlineData("d", ":new", NtStatus.InvalidParameter)]
    [InlineData("d", ":new:$INDEX_ALLOCATION", NtStatus.InvalidParameter)]
    [InlineData("d", ":new:$DATA", NtStatus.ObjectTypeMismatch)]
    [InlineData("d", "::$INDEX_ALLOCATION", NtStatus.InvalidParameter)]
    [InlineData("d", "::$DATA", NtStatus.InvalidParameter)]
    [InlineData("d:stream", "::$DATA", NtStatus.InvalidParameter)]
    [InlineData("d:stream", "::$BITMAP", NtStatus.InvalidParameter)]
    [InlineData("d:stream", ":new:$INDEX_ALLOCATION", NtStatus.ObjectTypeMismatch)]
    [InlineData("d:stream", ":new:$DATA", NtStatus.Success)]
    [InlineData("f", ":new:$INDEX_ALLOCATION", NtStatus.ObjectTypeMismatch)]
    [InlineData("f", ":new:", NtStatus.InvalidParameter)]
    [InlineData("f", ":", NtStatus.InvalidParameter)]
    [InlineData("f", "::$BITMAP", NtStatus.ObjectTypeMismatch)]
    [InlineData("f", "::$DATA", NtStatus.Success)]
    [InlineData("f", ":new", NtStatus.Success)]
    [InlineData("f", ":new:$DATA", NtStatus.Success)]
    public async Task Each_refusal_of_a_new_name_for_what_has_none_has_its_status(string path, string name, NtStatus status)
    {
        await _volume.MakeAsync("d", directory: true);
        var open = await _volume.OpenAsync(path);
        Assert.Equal(status, await open.RenameAsync(name, false, false, null, default));
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
