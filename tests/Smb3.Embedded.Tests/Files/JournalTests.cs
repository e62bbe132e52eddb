using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Restoring;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Tests.Files.Caching;
using Smb3.Embedded.Tests.Protocol;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>What a journal hears of opens, and opens that are made again from it on the store of a process that has gone.</summary>
public sealed class JournalTests
{
    private readonly MemoryFileStore _store = new();
    private readonly TestJournal _journal = new();
    private readonly TestVolume _volume;

    public JournalTests() => _volume = NewVolume();

    [Fact]
    public async Task Without_a_journal_changes_and_commits_cost_nothing()
    {
        var volume = new TestVolume();
        var open = await volume.OpenAsync("f");
        var state = open.State;
        state.Changed();
        await state.CommitAsync();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            state.Changed();
            state.SetOptions(state.Options);
            var commit = state.CommitAsync();
            Assert.True(commit.IsCompletedSuccessfully);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_journal_keeps_only_what_may_outlive_the_process()
    {
        await using var kept = new Held(await KeepAsync(await _volume.OpenAsync("kept"), 7));
        await using var other = new Held(await _volume.OpenAsync("other"));
        await other.Open.State.CommitAsync();
        Assert.Equal(7ul, Assert.Single(_journal.Records).Durable.PersistentId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lock_and_the_number_of_its_request_are_recorded_together(bool waits)
    {
        // The journal may take a record at the very moment of the grant, long before the request has been told.
        var open = await KeepAsync(await _volume.OpenAsync("f"), 1);
        var other = await _volume.OpenAsync("f");
        var ranges = new[] { new LockRequest(new ByteRange(0, 10), true) };
        if (waits)
        {
            Assert.Equal(NtStatus.Success, await other.LockAsync(ranges, failImmediately: true, default));
        }

        var taken = new List<OpenRecord>();
        _journal.Noted = noted => taken.Add(noted.Capture()!);
        var locking = open.LockAsync(ranges, failImmediately: !waits, new LockStamp(open.State.LockSequences, 1, 5), default).AsTask();
        if (waits)
        {
            Assert.Equal(NtStatus.Success, other.Unlock([new ByteRange(0, 10)]));
        }

        Assert.Equal(NtStatus.Success, await locking);
        Assert.Equal(NtStatus.Success, open.Unlock([new ByteRange(0, 10)], new LockStamp(open.State.LockSequences, 1, 6)));
        Assert.Equal([(1, (byte)5), (0, (byte)6)], taken.Select(record => (record.Locks.Count, record.LockSequences[0])));
    }

    [Fact]
    public async Task A_lock_that_is_asked_for_again_while_it_waits_does_not_wait_for_itself()
    {
        var open = await KeepAsync(await _volume.OpenAsync("f"), 1);
        var other = await _volume.OpenAsync("f");
        var ranges = new[] { new LockRequest(new ByteRange(0, 10), true) };
        Assert.Equal(NtStatus.Success, await other.LockAsync(ranges, failImmediately: true, default));
        var stamp = new LockStamp(open.State.LockSequences, 1, 5);
        var first = open.LockAsync(ranges, failImmediately: false, stamp, default).AsTask();
        var again = open.LockAsync(ranges, failImmediately: false, stamp, default).AsTask();
        Assert.Equal(NtStatus.Success, other.Unlock([new ByteRange(0, 10)]));
        Assert.Equal(NtStatus.Success, await first.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(NtStatus.Success, await again.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(NtStatus.Success, await open.LockAsync(ranges, failImmediately: false, stamp, default));
        Assert.Equal(NtStatus.Success, await open.LockAsync(ranges, failImmediately: true, stamp, default));
        Assert.Single(open.GetLocks());
    }

    [Fact]
    public async Task Every_change_is_in_the_next_commit()
    {
        var open = await KeepAsync(await _volume.OpenAsync("f"), 1);
        Assert.Equal(NtStatus.Success, await LockAsync(open, 0, 10));
        Assert.Single((await RecordAsync(open)).Locks);
        Assert.Equal(NtStatus.Success, open.Unlock([new ByteRange(0, 10)]));
        Assert.Empty((await RecordAsync(open)).Locks);

        Assert.Equal(NtStatus.Success, await open.RenameAsync("g", false, false, null, default));
        Assert.Equal("g", (await RecordAsync(open)).Path.Text);

        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(open, posix: true));
        var record = await RecordAsync(open);
        Assert.True(record is { DeletePending: true, DeletesAtOnce: true });
        Assert.Equal(NtStatus.Success, await open.SetDispositionAsync(false, false, false, false, null, default));
        Assert.False((await RecordAsync(open)).DeletePending);

        Assert.Equal(NtStatus.Success, open.SetMode(CreateOptions.WriteThrough));
        Assert.Equal(CreateOptions.WriteThrough, (await RecordAsync(open)).Options);

        await open.CloseAsync();
        Assert.Empty(_journal.Records);
    }

    [Fact]
    public async Task The_name_of_a_stream_is_in_the_next_commit_when_it_changes()
    {
        await _volume.MakeAsync("f");
        var open = await KeepAsync(await _volume.OpenAsync("f:s"), 1);
        Assert.Equal(NtStatus.Success, await open.RenameAsync(":t", false, false, null, default));
        Assert.Equal("t", (await RecordAsync(open)).Stream);
        await open.CloseAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_in_the_middle_of_a_rename_loses_no_open(bool wasRenamed)
    {
        TestJournal? survivor = null;
        var faults = new StoreFaults { Renaming = () => survivor = _journal.Survivor() };
        var volume = new TestVolume(new FaultyStore(_store, faults), new VolumeOptions { Journal = _journal });
        var old = await KeepAsync(await volume.OpenAsync("g"), 1);
        Assert.Equal(NtStatus.Success, await old.RenameAsync("h", false, false, null, default));
        if (!wasRenamed)
        {
            Assert.Equal(NtStatus.Success, await _store.RenameAsync(new StorePath("h"), new StorePath("g"), false, default));
        }

        var record = Assert.Single(survivor!.Records);
        Assert.Equal(("g", "h"), (record.Path.Text, record.MovingTo!.Value.Text));
        var next = new TestVolume(_store, new VolumeOptions { Journal = survivor });
        var restored = await next.Volume.RestoreAsync(record, null, null, default);
        Assert.Equal(NtStatus.Success, restored.Status);
        Assert.Equal(wasRenamed ? "h" : "g", restored.Value.Path.Text);
        await restored.Value.CloseAsync();
        next.AssertEmpty();
    }

    [Fact]
    public async Task A_break_is_sent_when_what_it_leaves_is_safe_and_a_change_is_answered_after_that()
    {
        var client = new CachingClient(_volume);
        var open = await KeepAsync(await client.LeaseAsync(1, CacheState.Read), 1);
        var writer = await _volume.OpenAsync("f", access: FileAccessMask.WriteData);
        Assert.Empty(client.TakeBreaks());
        var hold = _journal.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = TestVolume.WriteAsync(writer, 0, 1);
        await Task.Delay(50);
        Assert.Empty(client.TakeBreaks());
        Assert.False(writing.IsCompleted);
        _journal.Hold = null;
        hold.SetResult();
        Assert.Equal(NtStatus.Success, await writing);
        Assert.Equal(CacheState.None, client.TakeBreak().To);
        Assert.Equal(CacheState.None, Assert.Single(_journal.Records).Caching);
        await writer.CloseAsync();
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_break_in_progress_comes_back_and_its_client_is_reminded()
    {
        const CacheState All = CacheState.Read | CacheState.Write | CacheState.Handle;
        var before = new CachingClient(_volume);
        var old = await KeepAsync(await before.LeaseAsync(1, All), 1);
        var waiting = new CachingClient(_volume).TryOplockAsync(0);
        var sent = before.TakeBreak();
        var record = await RecordAsync(old);
        Assert.Equal((All, CacheState.Read | CacheState.Handle), (record.Caching, record.BreakingTo!.Value));

        var next = NewVolume();
        var client = new CachingClient(next);
        var open = (await next.Volume.RestoreAsync(record, client.Leases, client, default)).Value;
        Assert.True(open.Grant is { IsBreaking: true, State: All });
        Assert.Empty(client.TakeBreaks());
        var again = open.File.Caching.Remind(open.Grant!)!.Value;
        Assert.Equal((sent.From, sent.To, sent.Epoch, true), (again.From, again.To, again.Epoch, again.MustAnswer));
        Assert.Equal(NtStatus.Success, client.Answer(1, CacheState.Read | CacheState.Handle));
        Assert.Equal(CacheState.Read | CacheState.Handle, open.Grant!.State);
        await open.CloseAsync();
        next.AssertEmpty();
        before.Answer(1, CacheState.Read | CacheState.Handle);
        await (await waiting).Open!.CloseAsync();
    }

    [Fact]
    public async Task What_was_suspended_is_closed_and_neither_forgotten_nor_deleted()
    {
        var open = await KeepAsync(await _volume.OpenAsync("f", options: CreateOptions.DeleteOnClose), 1);
        open.State.Suspend();
        await open.CloseAsync();
        Assert.Single(_journal.Records);
        _volume.AssertEmpty();
        var next = NewVolume();
        await (await RestoreAsync(next)).CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await next.StatusAsync("f"));
    }

    [Fact]
    public async Task What_somebody_else_does_to_the_name_is_in_the_record_too()
    {
        var open = await KeepAsync(await _volume.OpenAsync("f"), 1);
        var other = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(other));
        Assert.True((await RecordAsync(open)).DeletePending);
        await other.CloseAsync();
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_lease_is_kept_as_it_is_broken_and_answered()
    {
        var client = new CachingClient(_volume);
        var open = await KeepAsync(await client.LeaseAsync(1, CacheState.Read | CacheState.Write | CacheState.Handle), 1);
        var record = await RecordAsync(open);
        Assert.Equal(CacheState.Read | CacheState.Write | CacheState.Handle, record.Caching);
        var epoch = record.LeaseEpoch;

        var second = new CachingClient(_volume).TryOplockAsync(0);
        Assert.Equal(epoch + 1, (await RecordAsync(open)).LeaseEpoch);
        Assert.Equal(NtStatus.Success, client.Answer(1, CacheState.Read | CacheState.Handle));
        Assert.Equal(CacheState.Read | CacheState.Handle, (await RecordAsync(open)).Caching);
        await (await second).Open!.CloseAsync();
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_restored_open_has_its_locks_and_its_sharing()
    {
        var old = await KeepAsync(await _volume.OpenAsync("f", share: ShareAccess.Read), 1);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(old, 0, 1, 2, 3, 4));
        Assert.Equal(NtStatus.Success, await LockAsync(old, 0, 2));
        await old.State.CommitAsync();

        var next = NewVolume();
        var open = await RestoreAsync(next);
        Assert.Equal(NtStatus.SharingViolation, await next.StatusAsync("f"));
        var reader = await next.OpenAsync("f", CreateDisposition.Open, FileAccessMask.ReadData, ShareAccess.All);
        Assert.Equal(NtStatus.FileLockConflict, (await TestVolume.ReadAsync(reader, 0, 1)).Status);
        Assert.Equal(1, (await TestVolume.ReadAsync(reader, 3, 1)).Value);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(open, 0, 9));
        Assert.Equal(NtStatus.Success, open.Unlock([new ByteRange(0, 2)]));
        Assert.Equal(1, (await TestVolume.ReadAsync(reader, 0, 1)).Value);
        await reader.CloseAsync();
        await open.CloseAsync();
        next.AssertEmpty();
        Assert.Empty(_journal.Records);
    }

    [Fact]
    public async Task Opens_that_shared_a_file_are_restored_beside_each_other_in_any_order()
    {
        var first = await KeepAsync(await _volume.OpenAsync("f"), 1);
        var second = await KeepAsync(await _volume.OpenAsync("f"), 2);
        await second.State.CommitAsync();
        await first.State.CommitAsync();
        var next = NewVolume();
        foreach (var record in _journal.Records.Reverse())
        {
            Assert.Equal(NtStatus.Success, (await next.Volume.RestoreAsync(record, null, null, default)).Status);
        }

        Assert.Equal(2, next.Volume.OpenCount);
        Assert.Equal(1, next.Volume.OpenFiles.Count);
    }

    /// <summary>A local program that has a lease on the file (F_SETLEASE) is waited for, and after that no open is lost.</summary>
    [Theory]
    [InlineData(3, NtStatus.Success)]
    [InlineData(int.MaxValue, NtStatus.SharingViolation)]
    public async Task An_open_comes_back_when_a_local_program_has_let_go_of_its_file(int refusals, NtStatus status)
    {
        var volume = new TestVolume(_store, new VolumeOptions { Journal = _journal });
        await KeepAsync(await volume.OpenAsync("g"), 1);
        var survivor = _journal.Survivor();
        var faults = new StoreFaults { Held = () => refusals-- > 0 };
        var next = new TestVolume(new FaultyStore(_store, faults), new VolumeOptions { Journal = survivor });
        var restoring = next.Volume.RestoreAsync(Assert.Single(survivor.Records), null, null, default).AsTask();
        Assert.False(restoring.IsCompleted);
        while (!restoring.IsCompleted)
        {
            next.Clock.Advance(status == NtStatus.Success ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromSeconds(30));
            await Task.Delay(10);
        }

        var restored = await restoring;
        Assert.Equal(status, restored.Status);
        if (restored.Succeeded)
        {
            await restored.Value.CloseAsync();
        }

        next.AssertEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_deletion_that_was_promised_happens_with_the_close_of_a_restored_open(bool onClose)
    {
        var old = await KeepAsync(await _volume.OpenAsync("f", options: onClose ? CreateOptions.DeleteOnClose : 0), 1);
        if (!onClose)
        {
            Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(old));
        }

        await old.State.CommitAsync();
        var next = NewVolume();
        var open = await RestoreAsync(next);
        Assert.Equal(onClose ? NtStatus.Success : NtStatus.DeletePending, await next.StatusAsync("f"));
        await open.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await next.StatusAsync("f"));
        next.AssertEmpty();
    }

    [Fact]
    public async Task A_restored_lease_is_broken_by_who_comes_and_by_nobody_before()
    {
        const CacheState All = CacheState.Read | CacheState.Write | CacheState.Handle;
        var before = new CachingClient(_volume);
        var one = await KeepAsync(await before.LeaseAsync(1, All), 1);
        var two = await KeepAsync(await before.LeaseAsync(1, All), 2);
        await one.State.CommitAsync();
        await two.State.CommitAsync();

        var next = NewVolume();
        var client = new CachingClient(next);
        var opens = new List<FileOpen>();
        foreach (var record in _journal.Records)
        {
            opens.Add((await next.Volume.RestoreAsync(record, client.Leases, client, default)).Value);
        }

        Assert.Empty(client.TakeBreaks());
        Assert.Same(opens[0].Grant, opens[1].Grant);
        Assert.Equal(All, opens[0].Grant!.State);
        var stranger = new CachingClient(next).TryOplockAsync(0);
        Assert.Equal(CacheState.Read | CacheState.Handle, client.TakeBreak().To);
        Assert.Equal(NtStatus.Success, client.Answer(1, CacheState.Read | CacheState.Handle));
        await (await stranger).Open!.CloseAsync();
        foreach (var open in opens)
        {
            await open.CloseAsync();
        }

        next.AssertEmpty();
        Assert.Equal(0, client.Leases.Count);
    }

    [Fact]
    public async Task A_stream_is_restored_as_the_stream()
    {
        await _volume.MakeAsync("f");
        var old = await KeepAsync(await _volume.OpenAsync("f:s"), 1);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(old, 0, 5));
        await old.State.CommitAsync();
        var next = NewVolume();
        var open = await RestoreAsync(next);
        Assert.Equal("s", open.File.StreamName);
        Assert.Equal(1, (await TestVolume.ReadAsync(open, 0, 1)).Value);
        await open.CloseAsync();
        next.AssertEmpty();
    }

    [Fact]
    public async Task An_open_whose_file_is_gone_or_another_is_not_restored()
    {
        var old = await KeepAsync(await _volume.OpenAsync("f"), 1);
        await old.State.CommitAsync();
        Assert.Equal(NtStatus.Success, await _store.DeleteAsync(new StorePath("f"), default));
        var next = NewVolume();
        var record = Assert.Single(_journal.Records);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await next.Volume.RestoreAsync(record, null, null, default)).Status);
        await next.MakeAsync("f");
        Assert.Equal(NtStatus.ObjectNameNotFound, (await next.Volume.RestoreAsync(record, null, null, default)).Status);
        next.AssertEmpty();
    }

    private TestVolume NewVolume() => new(_store, new VolumeOptions { Journal = _journal });

    private async Task<FileOpen> RestoreAsync(TestVolume volume)
    {
        var restored = await volume.Volume.RestoreAsync(Assert.Single(_journal.Records), null, null, default);
        Assert.Equal(NtStatus.Success, restored.Status);
        return restored.Value;
    }

    private async Task<FileOpen> KeepAsync(FileOpen open, ulong id)
    {
        open.State.SetDurable(new DurableFacts { PersistentId = id, Share = "data", Owner = "alice" });
        open.State.Keep(_journal);
        await open.State.CommitAsync();
        return open;
    }

    private async Task<OpenRecord> RecordAsync(FileOpen open)
    {
        await open.State.CommitAsync();
        return _journal.Records.Single(record => record.Durable.PersistentId == open.State.PersistentId);
    }

    private static async Task<NtStatus> LockAsync(FileOpen open, ulong offset, ulong length) =>
        await open.LockAsync(new[] { new LockRequest(new ByteRange(offset, length), true) }, failImmediately: true, default);

    private sealed record Held(FileOpen Open) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Open.CloseAsync();
    }
}
