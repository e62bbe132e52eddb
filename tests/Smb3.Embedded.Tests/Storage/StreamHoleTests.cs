using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>
/// A stream that is written far behind its end, on a disk that keeps small ones in an extended attribute: it is whole, with zeros in the
/// gap, or the write is refused and the stream is as it was.
/// </summary>
public sealed class StreamHoleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_gap_reads_as_zeros_wherever_the_stream_is_kept(bool physical)
    {
        using var disk = physical ? new PhysicalFileStore(_folder.Path) : null;
        var store = disk ?? (IFileStore)new MemoryFileStore();
        if (!store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return;
        }

        await using var file = (await store.CreateAsync(new StorePath("file"), default, default)).Value;
        foreach (var offset in new[] { 1, 100, 4095, 4096, 16_000, 65_535, 65_536, 65_537, 70_000, 200_000 })
        {
            var stream = (await ((IStreamedFile)file).CreateStreamAsync($"s{offset}", default)).Value;
            Assert.Equal(NtStatus.Success, await stream.WriteAsync(0, new ReadOnlySequence<byte>(Enumerable.Repeat((byte)7, 3000).ToArray()), default));
            Assert.Equal(NtStatus.Success, await stream.SetLengthAsync(1, default));
            Assert.Equal(NtStatus.Success, await stream.WriteAsync(offset, new ReadOnlySequence<byte>([9]), default));
            var data = Enumerable.Repeat((byte)0xA5, offset + 10).ToArray();
            Assert.Equal(offset + 1, (await stream.ReadAsync(0, data, default)).Value);
            Assert.Equal([7, .. new byte[offset - 1], 9], data[..(offset + 1)]);
            await stream.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false, long.MaxValue - 1)]
    [InlineData(false, 1L << 50)]
    [InlineData(true, long.MaxValue - 1)]
    [InlineData(true, 1L << 62)]
    public async Task An_offset_that_no_stream_can_have_changes_nothing(bool physical, long offset)
    {
        using var disk = physical ? new PhysicalFileStore(_folder.Path) : null;
        var store = disk ?? (IFileStore)new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1 << 20 });
        if (!store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return;
        }

        await using var file = (await store.CreateAsync(new StorePath("file"), default, default)).Value;
        var stream = (await ((IStreamedFile)file).CreateStreamAsync("s", default)).Value;
        Assert.Equal(NtStatus.Success, await stream.WriteAsync(0, new ReadOnlySequence<byte>([1, 2, 3]), default));
        var status = await stream.WriteAsync(offset, new ReadOnlySequence<byte>([9]), default);
        var listed = Assert.Single((await ((IStreamedFile)file).ListStreamsAsync(default)).Value);
        if (status == NtStatus.Success)
        {
            // It can, as a hole: then the byte is there.
            var one = new byte[1];
            Assert.Equal(1, (await stream.ReadAsync(offset, one, default)).Value);
            Assert.Equal(9, one[0]);
        }
        else
        {
            Assert.Equal(3, listed.Length);
        }

        var data = new byte[3];
        Assert.Equal(3, (await stream.ReadAsync(0, data, default)).Value);
        Assert.Equal([1, 2, 3], data);
        await stream.DisposeAsync();
    }
}
