using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Transport.Rdma.Verbs;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma.Verbs;

/// <summary>Registered memory is kept for the next who needs it, and given back to the system in time and in order.</summary>
public sealed class RegisteredMemoryTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeDomain _domain = new();
    private readonly RegisteredMemory _memory;

    public RegisteredMemoryTests() => _memory = new RegisteredMemory(_domain, _time);

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(8192)]
    [InlineData(65536)]
    [InlineData(65537)]
    [InlineData(1 << 20)]
    [InlineData(8 << 20)]
    [InlineData(16 << 20)]
    public void A_buffer_is_as_long_as_was_asked_for_and_within_what_is_registered(int size)
    {
        using var buffer = Rent(size);
        Assert.Equal(size, buffer.Memory.Length);
        Assert.Equal(size, buffer.Size);
        Assert.InRange(buffer.Address, buffer.Region.Address, buffer.Region.Address + (ulong)(buffer.Region.Bytes.Length - size));
        Array.Clear(buffer.Region.Bytes); // it may hold what others left in the memory
        buffer.Memory.Span.Fill(7);
        Assert.Equal(size, buffer.Region.Bytes.Count(one => one == 7));
        Assert.All(_domain.Registered.Values, isOpenToPeer => Assert.False(isOpenToPeer));
    }

    [Fact]
    public void Small_buffers_share_a_registration_and_never_a_byte()
    {
        var buffers = Enumerable.Range(0, 300).Select(_ => Rent(8192)).ToList();
        Assert.Equal(300, buffers.Select(buffer => buffer.Address).Distinct().Count());
        Assert.All(buffers, one => Assert.Equal(0ul, (one.Address - one.Region.Address) % 8192));
        var registered = _domain.Registered.Count;
        Assert.InRange(registered, 10, 15);
        buffers.ForEach(buffer => buffer.Dispose());
        Enumerable.Range(0, 300).ToList().ForEach(_ => Rent(5000));
        Assert.Equal(registered, _domain.Registered.Count);
    }

    [Fact]
    public void A_stranger_who_sends_nothing_makes_little_of_it_locked()
    {
        Rent(8192);
        Assert.Equal(16 * 1024, _domain.Bytes);
    }

    [Fact]
    public void Given_back_twice_it_is_there_once()
    {
        var first = Rent(1 << 20);
        first.Dispose();
        first.Dispose();
        Assert.Throws<ObjectDisposedException>(() => first.Memory);
        Assert.Same(first, Rent(1 << 20));
        Assert.NotSame(first, Rent(1 << 20));
    }

    [Fact]
    public void What_nobody_has_needed_for_a_while_goes_back_to_the_system()
    {
        var kept = Rent(1 << 20);
        Rent(1 << 20).Dispose();
        Rent(100).Dispose();
        Assert.Equal(3, _domain.Registered.Count);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, _domain.Registered.Count);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Single(_domain.Registered);
        kept.Dispose();
        Assert.Same(kept, Rent(1 << 20));
    }

    [Fact]
    public void A_region_of_which_one_buffer_is_rented_stays()
    {
        var buffers = Enumerable.Range(0, 64).Select(_ => Rent(8192)).ToList();
        Assert.InRange(_domain.Registered.Count, 2, 6);
        buffers.Skip(1).ToList().ForEach(buffer => buffer.Dispose());
        _time.Advance(TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Single(_domain.Registered);
        Assert.Contains(buffers[0].Region.Key, _domain.Registered.Keys.Select(registration => (uint)registration));
    }

    [Fact]
    public void The_domain_goes_when_its_last_user_has_gone_and_its_last_buffer_is_back()
    {
        Assert.True(_memory.TryShare());
        var rented = Rent(1 << 20);
        Rent(100).Dispose();
        _memory.Release();
        Assert.Equal(2, _domain.Registered.Count);
        _memory.Release();
        Assert.Single(_domain.Registered);
        Assert.Equal(0, _domain.Freed);
        Assert.False(_memory.TryShare());
        rented.Dispose();
        Assert.Empty(_domain.Registered);
        Assert.Equal(1, _domain.Freed);
    }

    [Fact]
    public void What_the_system_refuses_leaves_nothing_behind()
    {
        _domain.Refuses = true;
        Assert.Null(_memory.TryRent(1 << 20, out var error));
        Assert.Equal(VerbsCalls.OutOfMemory, error);
        _domain.Refuses = false;
        Rent(1 << 20).Dispose();
        _memory.Release();
        Assert.Empty(_domain.Registered);
        Assert.Equal(1, _domain.Freed);
    }

    private VerbsBuffer Rent(int size) => _memory.TryRent(size, out _)!;
}
