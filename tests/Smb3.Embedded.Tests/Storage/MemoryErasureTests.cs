using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>Memory that held what is to be erased (FSCTL_SET_ZERO_ON_DEALLOCATION) holds it no longer once it is given back.</summary>
public sealed class MemoryErasureTests
{
    private readonly MemorySpace _space = new(1 << 24, new QuotaAccounts(TimeProvider.System));

    [Theory]
    [InlineData("cut")]
    [InlineData("zero")]
    [InlineData("release")]
    [InlineData("grow")]
    public void What_is_given_back_is_overwritten(string how)
    {
        var data = New();
        data.Erase();
        var bytes = Write(data, 4096);
        switch (how)
        {
            case "cut":
                Assert.Equal(NtStatus.Success, data.SetLength(0));
                break;
            case "zero":
                data.Zero(0, 4096);
                break;
            case "grow":
                Write(data, 10_000);
                break;
            default:
                data.Release();
                break;
        }

        Assert.All(bytes, one => Assert.Equal(0, one));
    }

    [Fact]
    public void What_was_there_before_is_overwritten_too_and_other_data_is_not()
    {
        var (data, other) = (New(), New());
        var (bytes, kept) = (Write(data, 4096), Write(other, 4096));
        data.Erase();
        data.Release();
        other.Release();
        Assert.All(bytes, one => Assert.Equal(0, one));
        Assert.All(kept, one => Assert.Equal(7, one));
    }

    [Fact]
    public void What_is_shared_is_overwritten_by_the_last_who_gives_it_back()
    {
        var data = New();
        data.Erase();
        var bytes = Write(data, 4096);
        var copy = data.Copy(static () => { });
        data.Release();
        Assert.All(bytes, one => Assert.Equal(7, one));
        copy.Release();
        Assert.All(bytes, one => Assert.Equal(0, one));
    }

    private MemoryData New() => new(_space, long.MaxValue, static () => { });

    /// <summary>The memory that holds what was written.</summary>
    private static byte[] Write(MemoryData data, int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(7);
        Assert.Equal(NtStatus.Success, data.Write(0, new ReadOnlySequence<byte>(bytes)));
        var pieces = data.Take(0, length);
        var held = Assert.Single(pieces).Chunk!.Bytes;
        data.Drop(pieces);
        return held;
    }
}
