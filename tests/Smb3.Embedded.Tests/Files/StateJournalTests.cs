using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Tests.Protocol;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>Many changes, one commit; and no answer before its own.</summary>
public sealed class StateJournalTests : IAsyncDisposable
{
    private const string Scope = "volume";

    private readonly TestStateStore _store = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly RecordingLogger _log = new();

    [Fact]
    public async Task What_is_noted_while_a_commit_runs_goes_into_the_next_one_and_is_captured_once()
    {
        var journal = await OpenAsync();
        _store.Hold = NewSource();
        var first = new Noted(1);
        journal.Note(first);
        var one = journal.CommitAsync().AsTask();
        await UntilAsync(() => _store.Begun == 1);

        var others = Enumerable.Range(2, 9).Select(static id => new Noted((ulong)id)).ToArray();
        foreach (var other in others)
        {
            journal.Note(other);
            journal.Note(other);
        }

        var two = journal.CommitAsync().AsTask();
        var three = journal.CommitAsync().AsTask();
        _store.Hold.SetResult();
        Assert.Equal([NtStatus.Success, NtStatus.Success, NtStatus.Success], await Task.WhenAll(one, two, three));
        Assert.Equal([1, 9], _store.Batches.Select(static batch => batch.Count));
        Assert.All(others, static other => Assert.Equal(1, other.Captures));
        Assert.Equal(10, journal.Records);
        Assert.Equal(10, _store.Records(Scope).Count);
    }

    [Fact]
    public async Task An_answer_waits_for_its_own_commit_only()
    {
        var journal = await OpenAsync();
        _store.Hold = NewSource();
        journal.Note(new Noted(1));
        var one = journal.CommitAsync().AsTask();
        await UntilAsync(() => _store.Begun == 1);
        journal.Note(new Noted(2));
        var two = journal.CommitAsync().AsTask();
        var firstHold = _store.Hold;
        _store.Hold = NewSource();
        firstHold.SetResult();
        Assert.Equal(NtStatus.Success, await one);
        Assert.False(two.IsCompleted);
        _store.Hold.SetResult();
        Assert.Equal(NtStatus.Success, await two);
        var nothing = journal.CommitAsync();
        Assert.True(nothing.IsCompletedSuccessfully);
        Assert.Equal(NtStatus.Success, await nothing);
    }

    [Fact]
    public async Task An_open_that_ends_before_it_was_kept_costs_no_change()
    {
        var journal = await OpenAsync();
        var open = new Noted(1) { HasEnded = true };
        journal.Note(open);
        Assert.Equal(NtStatus.Success, await journal.CommitAsync());
        Assert.Empty(_store.Batches);

        open.HasEnded = false;
        journal.Note(open);
        await journal.CommitAsync();
        open.HasEnded = true;
        journal.Note(open);
        await journal.CommitAsync();
        Assert.Empty(_store.Records(Scope));
        Assert.Equal(0, journal.Records);
    }

    [Fact]
    public async Task What_a_failed_commit_was_to_keep_is_kept_by_the_next_and_no_answer_is_a_success_meanwhile()
    {
        var journal = await OpenAsync();
        _store.Failure = new IOException("no space left");
        journal.Note(new Noted(1));
        Assert.Equal(NtStatus.InsufficientResources, await journal.CommitAsync());
        Assert.Equal(NtStatus.InsufficientResources, await journal.CommitAsync());
        Assert.Equal("no space left", journal.Health.Failure);
        Assert.Single(_log.Entries, static entry => entry.Text.Contains("cannot be kept", StringComparison.Ordinal));

        _store.Failure = null;
        journal.Note(new Noted(2));
        Assert.Equal(NtStatus.Success, await journal.CommitAsync());
        Assert.Equal(2, _store.Records(Scope).Count);
        Assert.Null(journal.Health.Failure);
        Assert.Equal(2, journal.Health.Failures);
    }

    [Fact]
    public async Task What_no_answer_waits_for_is_committed_after_a_moment_and_tried_again()
    {
        var journal = await OpenAsync();
        _store.Failure = new IOException();
        journal.Note(new Noted(1));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await UntilAsync(() => journal.Health.Failures == 1);
        _store.Failure = null;
        _time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => _store.Records(Scope).Count == 1);
    }

    [Fact]
    public async Task A_store_that_does_not_come_back_fails_those_who_wait_and_loses_nothing()
    {
        var journal = await OpenAsync();
        _store.Hold = NewSource();
        journal.Note(new Noted(1));
        var one = journal.CommitAsync().AsTask();
        await UntilAsync(() => _store.Begun == 1);
        journal.Note(new Noted(2));
        var two = journal.CommitAsync().AsTask();
        for (var seconds = 0; seconds < StateJournal.Patience.TotalSeconds + 2; seconds++)
        {
            Assert.False(one.IsCompleted && seconds < StateJournal.Patience.TotalSeconds);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(NtStatus.InsufficientResources, await one);
        Assert.Equal(NtStatus.InsufficientResources, await two);
        _store.Hold.SetResult();
        Assert.Equal(NtStatus.Success, await journal.CommitAsync());
        await UntilAsync(() => _store.Records(Scope).Count == 2);
    }

    [Fact]
    public async Task Once_taken_over_by_another_holder_nothing_is_answered_as_safe()
    {
        var fenced = 0;
        var journal = await OpenAsync(() => fenced++);
        await _store.AcquireAsync(Scope, default);
        journal.Note(new Noted(1));
        Assert.Equal(NtStatus.NetworkNameDeleted, await journal.CommitAsync());
        Assert.Equal(NtStatus.NetworkNameDeleted, await journal.CommitAsync());
        Assert.Equal(1, fenced);
        Assert.Empty(_store.Records(Scope));
    }

    [Fact]
    public async Task The_next_process_reads_what_was_kept_and_a_damaged_record_costs_a_line_in_the_log()
    {
        var journal = await OpenAsync();
        journal.Note(new Noted(1));
        journal.Note(new Noted(2));
        await journal.CommitAsync();
        _store.Records(Scope)["0000000000000002"][10] ^= 1;
        _store.Records(Scope)["strange"] = [9];

        var next = NewJournal();
        var record = Assert.Single(await next.ReadAsync(default));
        Assert.Equal(1ul, record.Durable.PersistentId);
        Assert.Equal(2, _log.Entries.Count(static entry => entry.Text.Contains("is damaged or of a later version", StringComparison.Ordinal)));
        await next.CommitAsync();
        Assert.Equal("0000000000000001", Assert.Single(_store.Records(Scope)).Key);
    }

    [Fact]
    public async Task What_is_noted_after_the_end_changes_nothing()
    {
        var journal = await OpenAsync();
        var open = new Noted(1);
        journal.Note(open);
        Assert.Equal(NtStatus.Success, await journal.EndAsync());
        Assert.True(journal.HasEnded);
        open.HasEnded = true;
        journal.Note(open);
        Assert.Equal(NtStatus.NetworkNameDeleted, await journal.CommitAsync()); // it is not kept
        Assert.Single(_store.Records(Scope));
    }

    [Fact]
    public async Task Who_notes_something_as_it_ends_is_told_whether_it_is_kept()
    {
        for (var round = 0; round < 300; round++)
        {
            var journal = await OpenAsync();
            var noting = Enumerable.Range(1, 4).Select(id => Task.Run(() => NoteAsync(journal, (ulong)id))).ToArray();
            await Task.Yield();
            Assert.Equal(NtStatus.Success, await journal.EndAsync());
            await Task.WhenAll(noting).WaitAsync(TimeSpan.FromSeconds(20));
            _store.Records(Scope).Clear();
        }

        static async Task NoteAsync(StateJournal journal, ulong id)
        {
            do
            {
                journal.Note(new Noted(id));
            }
            while (await journal.CommitAsync() == NtStatus.Success);
        }
    }

    [Fact]
    public async Task Nothing_is_kept_behind_the_fence_and_nobody_waits_there()
    {
        var fence = new StoreFence();
        var fenced = 0;
        var journal = new StateJournal(_store, new JournalOptions { Scope = Scope, Time = _time, Fence = fence, Fenced = () => fenced++ });
        await journal.ReadAsync(default);
        var open = new Noted(1);
        journal.Note(open);
        Assert.Equal(NtStatus.Success, await journal.CommitAsync());
        _store.Hold = NewSource();
        journal.Note(new Noted(2));
        var waiting = journal.CommitAsync().AsTask();
        await UntilAsync(() => _store.Begun == 2);
        fence.Raise();
        open.HasEnded = true;
        journal.Note(open);
        Assert.Equal(NtStatus.NetworkNameDeleted, await journal.CommitAsync());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(NtStatus.NetworkNameDeleted, await waiting.WaitAsync(TimeSpan.FromSeconds(10)));

        // What had begun may be kept; the end that came after it is not.
        _store.Hold.SetResult();
        _store.Hold = null;
        await UntilAsync(() => _store.Records(Scope).Count == 2);
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((2, 2, 0), (_store.Records(Scope).Count, _store.Begun, fenced));
    }

    [Fact]
    public async Task A_journal_that_has_ended_tries_nothing_again_and_fences_nobody()
    {
        var fenced = 0;
        var journal = await OpenAsync(() => fenced++);
        _store.Failure = new IOException();
        journal.Note(new Noted(1));
        Assert.Equal(NtStatus.InsufficientResources, await journal.EndAsync());
        var tried = _store.Begun;
        _store.Failure = null;
        await OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(NtStatus.NetworkNameDeleted, await journal.CommitAsync());
        Assert.Equal((tried, 0), (_store.Begun, fenced));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_has_taken_the_place_of_another_under_its_id_is_kept_whichever_was_noted_first(bool endedFirst)
    {
        var journal = await OpenAsync();
        journal.Note(new Noted(1));
        await journal.CommitAsync();
        var ended = new Noted(1) { HasEnded = true };
        journal.Note(endedFirst ? ended : new Noted(1));
        journal.Note(endedFirst ? new Noted(1) : ended);
        Assert.Equal(NtStatus.Success, await journal.CommitAsync());
        Assert.Equal(1, journal.Records);
        Assert.Single(_store.Batches[^1]);
        Assert.Single(_store.Records(Scope));

        // A batch names no key twice.
        journal.Note(ended);
        journal.Note(new Noted(1) { HasEnded = true });
        Assert.Equal(NtStatus.Success, await journal.CommitAsync());
        Assert.Single(_store.Batches[^1]);
        Assert.Empty(_store.Records(Scope));
    }

    [Fact]
    public async Task The_opens_of_one_file_are_kept_as_they_are_at_one_moment()
    {
        var journal = await OpenAsync();
        var file = new NotedFile();
        var other = new NotedFile();
        var opens = new[] { new Noted(1, file), new Noted(2, other), new Noted(3, file), new Noted(4) };
        foreach (var open in opens)
        {
            journal.Note(open);
        }

        Assert.Equal(NtStatus.Success, await journal.CommitAsync());
        Assert.Equal((1, 1), (file.Freezes, other.Freezes));
        Assert.All(opens, static open => Assert.Equal(1, open.Captures));
        Assert.Equal(4, journal.Records);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static Task UntilAsync(Func<bool> condition) => TestServer.UntilAsync(condition, "the commit");

    private StateJournal NewJournal(Action? fenced = null) =>
        new(_store, new JournalOptions { Scope = Scope, Time = _time, Logger = _log, Name = "v", Fenced = fenced });

    private async Task<StateJournal> OpenAsync(Action? fenced = null)
    {
        var journal = NewJournal(fenced);
        Assert.Empty(await journal.ReadAsync(default));
        return journal;
    }

    private sealed class NotedFile : IJournaledFile
    {
        public int Freezes { get; private set; }

        public bool IsFrozen { get; private set; }

        public void Freeze(Action capture)
        {
            Freezes++;
            IsFrozen = true;
            capture();
            IsFrozen = false;
        }
    }

    private sealed class Noted(ulong id, NotedFile? file = null) : IJournaledOpen
    {
        public ulong PersistentId => id;

        public IJournaledFile? JournaledFile => file;

        public bool HasEnded { get; set; }

        public int Captures { get; private set; }

        public OpenRecord? Capture()
        {
            Assert.NotEqual(false, file?.IsFrozen);
            Captures++;
            var sample = OpenRecordFormatTests.Sample();
            return HasEnded ? null : sample with { Durable = sample.Durable with { PersistentId = id } };
        }
    }
}
