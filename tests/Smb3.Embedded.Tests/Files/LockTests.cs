using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class LockTests
{
    private readonly TestVolume _volume = new();

    [Theory]
    [InlineData(0ul, 10ul, 5ul, 10ul, true)]
    [InlineData(0ul, 10ul, 10ul, 10ul, false)]
    [InlineData(5ul, 0ul, 0ul, 10ul, true)]
    [InlineData(0ul, 0ul, 0ul, 10ul, false)]
    [InlineData(10ul, 0ul, 0ul, 10ul, false)]
    [InlineData(5ul, 0ul, 5ul, 0ul, false)]
    [InlineData(ulong.MaxValue, 1ul, 0ul, ulong.MaxValue, false)]
    [InlineData(ulong.MaxValue, 1ul, ulong.MaxValue - 1, 2ul, true)]
    public void Ranges_overlap(ulong offset1, ulong length1, ulong offset2, ulong length2, bool overlap)
    {
        Assert.Equal(overlap, new ByteRange(offset1, length1).Overlaps(new ByteRange(offset2, length2)));
        Assert.Equal(overlap, new ByteRange(offset2, length2).Overlaps(new ByteRange(offset1, length1)));
    }

    [Fact]
    public async Task Locks_are_enforced_on_reads_and_writes()
    {
        var owner = await _volume.OpenAsync("f");
        var other = await _volume.OpenAsync("f");
        await WriteAsync(owner, 0, new byte[100]);
        Assert.Equal(NtStatus.Success, await TryAsync(owner, 0, 10, exclusive: true));
        Assert.Equal(NtStatus.FileLockConflict, (await ReadAsync(other, 5, 10)).Status);
        Assert.Equal(NtStatus.FileLockConflict, await WriteAsync(other, 9, 1));
        Assert.Equal(10, (await ReadAsync(other, 10, 10)).Value);
        Assert.Equal(10, (await ReadAsync(owner, 0, 10)).Value);
        Assert.Equal(NtStatus.Success, await WriteAsync(owner, 0, 1));
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(owner, 0, 10, exclusive: true));
        Assert.Equal(NtStatus.Success, await TryAsync(owner, 50, 10, exclusive: false));
        Assert.Equal(NtStatus.Success, await TryAsync(other, 55, 10, exclusive: false));
        Assert.Equal(NtStatus.FileLockConflict, await WriteAsync(owner, 50, 1)); // its own shared lock
        Assert.Equal(10, (await ReadAsync(other, 50, 10)).Value);
        Assert.Equal(NtStatus.RangeNotLocked, other.Unlock([new ByteRange(0, 10)]));
        Assert.Equal(NtStatus.RangeNotLocked, owner.Unlock([new ByteRange(0, 9)]));
        Assert.Equal(NtStatus.InvalidLockRange, await TryAsync(owner, ulong.MaxValue, 2, exclusive: true));
        Assert.Equal(NtStatus.Success, owner.Unlock([new ByteRange(0, 10), new ByteRange(50, 10)]));
        Assert.Equal(NtStatus.Success, await WriteAsync(other, 0, 1));
        await other.CloseAsync();
        Assert.Equal(NtStatus.Success, await WriteAsync(owner, 55, 1));
        await owner.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_shared_lock_goes_on_an_exclusive_one_of_the_same_open_only()
    {
        var owner = await _volume.OpenAsync("f");
        var other = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await TryAsync(owner, 0, 10, exclusive: true));
        Assert.Equal(NtStatus.Success, await TryAsync(owner, 0, 10, exclusive: false));
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(owner, 0, 10, exclusive: true));
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(other, 0, 10, exclusive: false));
        Assert.Equal(NtStatus.Success, owner.Unlock([new ByteRange(0, 10)])); // the exclusive one
        Assert.Equal(NtStatus.Success, await TryAsync(other, 0, 10, exclusive: false));
        Assert.Equal(NtStatus.Success, owner.Unlock([new ByteRange(0, 10)]));
        Assert.Equal(NtStatus.RangeNotLocked, owner.Unlock([new ByteRange(0, 10)]));
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(owner, 0, 10, exclusive: true));
        await other.CloseAsync();
        await owner.CloseAsync();
    }

    [Fact]
    public async Task Several_ranges_are_locked_together_or_not_at_all()
    {
        var owner = await _volume.OpenAsync("f");
        var other = await _volume.OpenAsync("f");
        await TryAsync(other, 20, 1, exclusive: true);
        LockRequest[] requests = [new(new(0, 10), true), new(new(20, 1), true)];
        Assert.Equal(NtStatus.LockNotGranted, await owner.LockAsync(requests, failImmediately: true, default));
        Assert.Equal(NtStatus.Success, await TryAsync(other, 0, 10, exclusive: true));
        Assert.Equal(NtStatus.InvalidParameter, await owner.LockAsync(requests, failImmediately: false, default));
        await owner.CloseAsync();
        await other.CloseAsync();
    }

    [Fact]
    public async Task A_blocked_lock_waits_until_it_is_granted_cancelled_or_closed()
    {
        var owner = await _volume.OpenAsync("f");
        var waiter = await _volume.OpenAsync("f");
        await TryAsync(owner, 0, 1, exclusive: true);
        using var cancel = new CancellationTokenSource();
        var granted = WaitAsync(waiter, 0, default);
        var cancelled = WaitAsync(waiter, 0, cancel.Token);
        var closed = WaitAsync(waiter, 0, default);
        await cancel.CancelAsync();
        Assert.Equal(NtStatus.Cancelled, await cancelled);
        Assert.False(granted.IsCompleted);
        Assert.Equal(NtStatus.Success, owner.Unlock([new ByteRange(0, 1)]));
        Assert.Equal(NtStatus.Success, await granted);
        Assert.False(closed.IsCompleted);
        await waiter.CloseAsync();
        Assert.Equal(NtStatus.RangeNotLocked, await closed);
        Assert.Equal(0, owner.File.Locks!.Count);
        Assert.Equal(0, owner.File.Locks.WaitingCount);
        await owner.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Locks_beyond_the_end_of_the_file_are_enforced_as_those_inside_it()
    {
        var owner = await _volume.OpenAsync("f");
        var other = await _volume.OpenAsync("f");
        await WriteAsync(owner, 0, new byte[10]);
        Assert.Equal(NtStatus.Success, await TryAsync(owner, 1000, 100, exclusive: true));
        Assert.Equal(NtStatus.Success, await TryAsync(owner, 5000, 10, exclusive: false));

        // A range that others hold is refused as such, before anybody looks where the file ends.
        Assert.Equal(NtStatus.FileLockConflict, (await ReadAsync(other, 1099, 1)).Status);
        Assert.Equal(NtStatus.FileLockConflict, (await ReadAsync(other, 0, 1001)).Status);
        Assert.Equal(10, (await ReadAsync(other, 0, 1000)).Value);
        Assert.Equal(NtStatus.EndOfFile, (await ReadAsync(other, 1100, 1)).Status);
        Assert.Equal(NtStatus.EndOfFile, (await ReadAsync(owner, 1000, 1)).Status);
        Assert.Equal(NtStatus.FileLockConflict, await WriteAsync(other, 1050, 1));
        Assert.Equal(NtStatus.FileLockConflict, await WriteAsync(other, 5009, 1));
        Assert.Equal(NtStatus.EndOfFile, (await ReadAsync(other, 5000, 10)).Status);
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(other, 1099, 5000, exclusive: false));

        // The file grows into the lock through its owner, and the lock is where it was.
        Assert.Equal(NtStatus.Success, await WriteAsync(owner, 1050, 1));
        Assert.Equal(NtStatus.FileLockConflict, (await ReadAsync(other, 1050, 1)).Status);
        Assert.Equal(1000, (await ReadAsync(other, 0, 1000)).Value);
        await other.CloseAsync();
        await owner.CloseAsync();
        _volume.AssertEmpty();
    }

    [Theory]
    [InlineData(ulong.MaxValue, 1ul)]
    [InlineData(ulong.MaxValue - 9, 10ul)]
    [InlineData(0ul, ulong.MaxValue)]
    [InlineData(1ul, ulong.MaxValue)]
    [InlineData(1ul << 63, 1ul << 63)]
    [InlineData((1ul << 63) - 1, 2ul)]
    public async Task Locks_at_the_end_of_the_64_bit_space_are_held_and_released(ulong offset, ulong length)
    {
        var owner = await _volume.OpenAsync("f");
        var other = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await TryAsync(owner, offset, length, exclusive: true));
        var last = offset + (length - 1);
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(other, last, 1, exclusive: false));
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(other, offset, 1, exclusive: true));
        if (offset > 0)
        {
            Assert.Equal(NtStatus.Success, await TryAsync(other, offset - 1, 1, exclusive: true));
        }

        if (last < ulong.MaxValue)
        {
            Assert.Equal(NtStatus.Success, await TryAsync(other, last + 1, 1, exclusive: true));
        }

        Assert.Equal(NtStatus.RangeNotLocked, owner.Unlock([new ByteRange(offset, length - 1)]));
        Assert.Equal(NtStatus.Success, owner.Unlock([new ByteRange(offset, length)]));
        Assert.Equal(NtStatus.Success, await TryAsync(other, last, 1, exclusive: true));
        Assert.Equal(NtStatus.InvalidLockRange, await TryAsync(other, ulong.MaxValue, 2, exclusive: true));
        Assert.Equal(NtStatus.InvalidLockRange, await TryAsync(other, 2, ulong.MaxValue, exclusive: true));
        await other.CloseAsync();
        await owner.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task An_empty_lock_lies_between_two_bytes()
    {
        var owner = await _volume.OpenAsync("f");
        var other = await _volume.OpenAsync("f");
        await WriteAsync(owner, 0, new byte[20]);
        Assert.Equal(NtStatus.Success, await TryAsync(owner, 10, 0, exclusive: true));
        Assert.Equal(NtStatus.Success, await TryAsync(other, 10, 0, exclusive: true));
        Assert.Equal(NtStatus.Success, await TryAsync(other, 0, 10, exclusive: true));
        Assert.Equal(NtStatus.Success, await TryAsync(other, 10, 10, exclusive: true));
        Assert.Equal(NtStatus.Success, other.Unlock([new ByteRange(0, 10), new ByteRange(10, 10)]));
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(other, 9, 2, exclusive: true));
        Assert.Equal(NtStatus.LockNotGranted, await TryAsync(other, 0, ulong.MaxValue, exclusive: false));
        Assert.Equal(NtStatus.FileLockConflict, await WriteAsync(other, 9, 1, 2));
        Assert.Equal(NtStatus.Success, await WriteAsync(other, 9, 1));
        Assert.Equal(NtStatus.Success, await WriteAsync(other, 10, 1));
        Assert.Equal(NtStatus.Success, owner.Unlock([new ByteRange(10, 0)]));
        Assert.Equal(NtStatus.RangeNotLocked, owner.Unlock([new ByteRange(10, 0)]));
        await other.CloseAsync();
        await owner.CloseAsync();
        _volume.AssertEmpty();
    }

    private static async Task<NtStatus> TryAsync(FileOpen open, ulong offset, ulong length, bool exclusive) =>
        await open.LockAsync(new LockRequest[] { new(new(offset, length), exclusive) }, failImmediately: true, default);

    private static Task<NtStatus> WaitAsync(FileOpen open, ulong offset, CancellationToken token) =>
        open.LockAsync(new LockRequest[] { new(new(offset, 1), true) }, failImmediately: false, token).AsTask();
}
