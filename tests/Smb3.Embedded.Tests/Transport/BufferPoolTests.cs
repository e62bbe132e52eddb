using Smb3.Embedded.Transport;
using Xunit;

namespace Smb3.Embedded.Tests.Transport;

public class BufferPoolTests
{
    [Theory]
    [InlineData(65_537, (1 << 16) + 4096)]
    [InlineData((1 << 16) + 4096, (1 << 16) + 4096)]
    [InlineData((1 << 16) + 4097, (1 << 17) + 4096)]
    [InlineData((1 << 20) + 136, (1 << 20) + 4096)]
    [InlineData((8 << 20) + 4096, (8 << 20) + 4096)]
    [InlineData((1 << 24) - 1, (1 << 24) + 4096)]
    public void A_large_buffer_has_room_for_a_payload_and_its_headers_and_little_more(int size, int expected)
    {
        var pool = new BufferPool();
        var buffer = pool.Rent(size);
        Assert.Equal(expected, buffer.Length);
        Assert.Equal(expected, pool.Rented);
        pool.Return(buffer);
        Assert.Equal(0, pool.Rented);
        Assert.Equal(expected, pool.Kept);
        Assert.Same(buffer, pool.Rent(size));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_536)]
    public void A_small_one_is_not_kept_here(int size)
    {
        var pool = new BufferPool();
        var buffer = pool.Rent(size);
        Assert.True(buffer.Length >= size);
        Assert.Equal(0, pool.Rented);
        pool.Return(buffer);
        Assert.Equal(0, pool.Kept);
    }

    [Fact]
    public void What_nobody_needed_for_a_while_goes()
    {
        var pool = new BufferPool();
        var buffers = Enumerable.Range(0, 10).Select(_ => pool.Rent(1 << 20)).ToArray();
        foreach (var buffer in buffers)
        {
            pool.Return(buffer);
        }

        var size = buffers[0].Length;
        pool.Trim();
        Assert.Equal(10 * size, pool.Kept);
        var first = pool.Rent(1 << 20);
        var second = pool.Rent(1 << 20);
        pool.Return(first);
        pool.Return(second);
        pool.Trim();
        Assert.Equal(2 * size, pool.Kept);
        pool.Trim();
        Assert.Equal(0, pool.Kept);
    }
}
