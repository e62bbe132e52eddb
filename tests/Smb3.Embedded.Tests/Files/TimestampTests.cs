using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Tests.Protocol;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class TimestampTests
{
    private readonly TestVolume _volume = new();

    [Fact]
    public async Task Every_write_shows_at_once_to_every_handle_and_in_the_listing()
    {
        var open = await _volume.OpenAsync("f");
        var other = await _volume.OpenAsync("f", access: FileAccessMask.ReadAttributes);
        for (var i = 0; i < 3; i++)
        {
            Advance(1);
            var now = _volume.Volume.Now().Ticks;
            await WriteAsync(open, 0, 1);
            Assert.Equal(now, await WriteTimeAsync(open));
            Assert.Equal(now, await WriteTimeAsync(other));
            Assert.Equal(now, await ListedTimeAsync("f"));
        }

        var written = await WriteTimeAsync(open);
        Advance(1);
        Assert.Equal(NtStatus.Success, await open.FlushAsync(default));
        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(default, FileAttributes.Hidden, default));
        Advance(1);
        Assert.Equal(written, (await open.CloseAsync(query: true)).Value.LastWriteTime.Ticks);
        await other.CloseAsync();
    }

    /// <summary>MS-FSA 2.1.5.15.1: setting space aside moves no last write time, and takes none from a write that comes meanwhile.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("before")]
    [InlineData("meanwhile")]
    [InlineData("afterwards")]
    public async Task Space_that_is_set_aside_leaves_the_last_write_time_to_writes(string when)
    {
        var faults = new StoreFaults();
        var volume = new TestVolume(store => new FaultyStore(store, faults));
        var open = await volume.OpenAsync("f");
        var other = await volume.OpenAsync("f");
        await WriteAsync(open, 0, 1);
        var written = await WriteTimeAsync(open);
        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Task? writing = null;
        if (when == "before")
        {
            faults.WriteGate.Close();
            writing = WriteAsync(other, 0, 2);
        }

        faults.Allocating = async () =>
        {
            volume.Clock.Advance(TimeSpan.FromSeconds(1));
            if (when == "meanwhile")
            {
                await WriteAsync(other, 0, 2);
            }
        };
        faults.Setting = async () =>
        {
            faults.Setting = static () => Task.CompletedTask;
            if (when == "afterwards")
            {
                await WriteAsync(other, 0, 2);
            }
        };
        var allocating = open.SetAllocationAsync(1 << 20, default).AsTask();
        if (writing is not null)
        {
            Assert.False(allocating.IsCompleted);
            faults.WriteGate.Open();
            await writing;
        }

        Assert.Equal(NtStatus.Success, await allocating);
        Assert.Equal(when != "none", await WriteTimeAsync(open) > written);
        await open.CloseAsync();
        await other.CloseAsync();
        volume.AssertEmpty();
    }

    /// <summary>MS-FSA 2.1.1.6 and 2.1.4.17, as generated sequences of everything that two handles can do to the times, against a model.</summary>
    [Fact]
    public async Task Times_that_handles_set_and_freeze_move_with_the_writes_of_others_only()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var name = $"f{seed}";
            var opens = new FileOpen?[] { await _volume.OpenAsync(name), await _volume.OpenAsync(name), await _volume.OpenAsync(name) };
            var frozen = new PinnedTimes[opens.Length];
            var (write, change) = (await WriteTimeAsync(opens[0]!), (await MetadataAsync(opens[0]!)).ChangeTime.Ticks);
            var log = new List<string>();
            for (var step = 0; step < 14; step++)
            {
                Advance(1);
                var i = random.Next(opens.Length);
                var open = opens[i] ??= await _volume.OpenAsync(name);
                var now = _volume.Volume.Now().Ticks;
                var what = random.Next(8);
                log.Add($"{i}:{what}");
                switch (what)
                {
                    case 0 or 1:
                        Assert.Equal(NtStatus.Success, await WriteAsync(open, step, 1));
                        write = (frozen[i] & PinnedTimes.LastWrite) != 0 ? write : now;
                        change = (frozen[i] & PinnedTimes.Change) != 0 ? change : now;
                        break;
                    case 2:
                        var set = now - TimeSpan.TicksPerDay;
                        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(new BasicTimes(0, 0, set, 0), 0, default));
                        write = set;
                        change = (frozen[i] & PinnedTimes.Change) != 0 ? change : now;
                        frozen[i] |= PinnedTimes.LastWrite;
                        break;
                    case 3:
                        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(new BasicTimes(0, 0, -1, -1), 0, default));
                        frozen[i] |= PinnedTimes.LastWrite | PinnedTimes.Change;
                        break;
                    case 4:
                        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(new BasicTimes(0, 0, -2, -2), 0, default));
                        frozen[i] = PinnedTimes.None;
                        break;
                    case 5:
                        var changed = now + TimeSpan.TicksPerDay;
                        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(new BasicTimes(0, 0, 0, changed), 0, default));
                        change = changed;
                        frozen[i] |= PinnedTimes.Change;
                        break;
                    case 6:
                        Assert.Equal(NtStatus.Success, await open.SetEndOfFileAsync(100 + step, default));
                        write = (frozen[i] & PinnedTimes.LastWrite) != 0 ? write : now;
                        change = (frozen[i] & PinnedTimes.Change) != 0 ? change : now;
                        break;
                    default:
                        var closed = (await open.CloseAsync(query: true)).Value;
                        Assert.True((write, change) == (closed.LastWriteTime.Ticks, closed.ChangeTime.Ticks), $"close, seed {seed}: {string.Join(' ', log)}");
                        opens[i] = null;
                        frozen[i] = PinnedTimes.None;
                        break;
                }

                Assert.True(write == await ListedTimeAsync(name), $"listing, seed {seed}: {string.Join(' ', log)}");
                foreach (var any in opens)
                {
                    if (any is not null)
                    {
                        var seen = await MetadataAsync(any);
                        Assert.True((write, change) == (seen.LastWriteTime.Ticks, seen.ChangeTime.Ticks), $"seed {seed}: {string.Join(' ', log)}");
                    }
                }
            }

            foreach (var open in opens)
            {
                await (open?.CloseAsync() ?? default);
            }

            var left = await _volume.OpenAsync(name, access: FileAccessMask.ReadAttributes);
            var stored = await MetadataAsync(left);
            Assert.True((write, change) == (stored.LastWriteTime.Ticks, stored.ChangeTime.Ticks), $"at the end, seed {seed}: {string.Join(' ', log)}");
            await left.CloseAsync();
        }

        _volume.AssertEmpty();
    }

    [Theory]
    [InlineData(200, false)]
    [InlineData(100, false)]
    [InlineData(99, true)]
    public async Task An_allocation_moves_the_last_write_time_only_where_it_cuts(long size, bool cuts)
    {
        var open = await _volume.OpenAsync("f");
        await WriteAsync(open, 0, new byte[100]);
        var before = await WriteTimeAsync(open);
        Advance(1);
        Assert.Equal(NtStatus.Success, await open.SetAllocationAsync(size, default));
        var after = await MetadataAsync(open);
        Assert.Equal(cuts ? _volume.Volume.Now().Ticks : before, after.LastWriteTime.Ticks);
        Assert.Equal(_volume.Volume.Now(), after.ChangeTime);
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_stream_that_is_made_moves_the_last_write_time_of_a_file_but_not_of_a_directory()
    {
        var directory = await _volume.MakeDirectoryAsync("d");
        var file = await _volume.OpenAsync("f");
        var before = await WriteTimeAsync(directory);
        Advance(1);
        await (await _volume.OpenAsync("d:s")).CloseAsync();
        await (await _volume.OpenAsync("f:s")).CloseAsync();
        Assert.Equal(before, await WriteTimeAsync(directory));
        Assert.Equal(_volume.Volume.Now(), (await MetadataAsync(directory)).ChangeTime);
        Assert.Equal(_volume.Volume.Now().Ticks, await WriteTimeAsync(file));
        await directory.CloseAsync();
        await file.CloseAsync();
    }

    [Fact]
    public async Task A_time_set_by_another_handle_survives_the_close_of_a_writer()
    {
        var writer = await _volume.OpenAsync("f");
        await WriteAsync(writer, 0, 1);
        await writer.SetEndOfFileAsync(1, default);
        var setter = await _volume.OpenAsync("f", access: FileAccessMask.WriteAttributes);
        var set = _volume.Volume.Now().Ticks + TimeSpan.TicksPerDay;
        Assert.Equal(NtStatus.Success, await setter.SetBasicAsync(new BasicTimes(0, 0, set, 0), 0, default));
        await setter.CloseAsync();
        Assert.Equal(set, (await writer.CloseAsync(query: true)).Value.LastWriteTime.Ticks);
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(125_000_000_000_000_000L)]
    public async Task A_frozen_and_a_set_time_do_not_move_with_later_writes_of_the_handle(long value)
    {
        var open = await _volume.OpenAsync("f");
        var before = await WriteTimeAsync(open);
        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(new BasicTimes(0, 0, value, 0), 0, default));
        Advance(5);
        await WriteAsync(open, 0, 1);
        Advance(5);
        var expected = value < 0 ? before : value;
        Assert.Equal(expected, await WriteTimeAsync(open));
        Assert.Equal(expected, (await open.CloseAsync(query: true)).Value.LastWriteTime.Ticks);
        var again = await _volume.OpenAsync("f");
        Assert.Equal(expected, await WriteTimeAsync(again));
        await again.CloseAsync();
    }

    [Fact]
    public async Task A_change_time_that_was_set_outlives_what_the_handle_does_later()
    {
        var open = await _volume.OpenAsync("f");
        var time = FileTime.From(_volume.Clock.GetUtcNow()).Ticks + 4000;
        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(new BasicTimes(0, 0, 0, time), FileAttributes.Hidden, default));
        _volume.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(default, FileAttributes.Normal, default));
        Assert.Equal(time, (await MetadataAsync(open)).ChangeTime.Ticks);
        await open.CloseAsync();
        open = await _volume.OpenAsync("f");
        Assert.Equal(time, (await MetadataAsync(open)).ChangeTime.Ticks);
        await open.CloseAsync();
    }

    /// <summary>Reads at three moments after the file was written, and whether they move its last access time (MS-FSA 2.1.5.3).</summary>
    [Theory]
    [InlineData(LastAccessUpdates.Off, false, false, false)]
    [InlineData(LastAccessUpdates.Relative, true, false, true)]
    [InlineData(LastAccessUpdates.On, true, true, true)]
    public async Task The_last_access_time_moves_as_the_store_says(LastAccessUpdates updates, bool first, bool second, bool nextDay)
    {
        var volume = new TestVolume(clock: _volume.Clock, wrap: _ =>
            new MemoryFileStore(new MemoryFileStoreOptions { Time = _volume.Clock, Capacity = 1 << 20, LastAccess = updates }));
        var writer = await volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await WriteAsync(writer, 0, new byte[10]));
        await writer.CloseAsync();
        foreach (var (seconds, moves) in new[] { (10, first), (20, second), (90_000, nextDay) })
        {
            Advance(seconds);
            var open = await volume.OpenAsync("f");
            var before = await MetadataAsync(open);
            Assert.Equal(10, (await ReadAsync(open, 0, 10)).Value);
            var shown = await MetadataAsync(open);
            Assert.Equal(moves ? volume.Volume.Now() : before.LastAccessTime, shown.LastAccessTime);
            Advance(1);
            Assert.Equal(shown, (await open.CloseAsync(query: true)).Value);
            open = await volume.OpenAsync("f");
            Assert.Equal(shown, await MetadataAsync(open)); // the store has it, and nothing else has changed
            await open.CloseAsync();
        }

        // Set or frozen, it stays.
        var frozen = await volume.OpenAsync("f");
        var time = volume.Volume.Now().Ticks - TimeSpan.TicksPerDay * 3;
        Assert.Equal(NtStatus.Success, await frozen.SetBasicAsync(new BasicTimes(0, time, 0, 0), 0, default));
        Advance(90_000);
        Assert.Equal(10, (await ReadAsync(frozen, 0, 10)).Value);
        Assert.Equal(time, (await frozen.CloseAsync(query: true)).Value.LastAccessTime.Ticks);
    }

    [Fact]
    public async Task A_read_moves_the_position()
    {
        var open = await _volume.OpenAsync("f");
        await WriteAsync(open, 0, new byte[100]);
        await ReadAsync(open, 20, 30);
        Assert.Equal(50, open.Position);
        await ReadAsync(open, 90, 30);
        Assert.Equal(100, open.Position);
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_thawed_time_moves_again()
    {
        var open = await _volume.OpenAsync("f");
        var before = await WriteTimeAsync(open);
        await open.SetBasicAsync(new BasicTimes(-1, -1, -1, -1), 0, default);
        await open.SetBasicAsync(new BasicTimes(-2, -2, -2, -2), 0, default);
        Assert.Equal(before, await WriteTimeAsync(open));
        Advance(1);
        await WriteAsync(open, 0, 1);
        await open.FlushAsync(default);
        Assert.True(await WriteTimeAsync(open) > before);
        Assert.Equal(NtStatus.InvalidParameter, await open.SetBasicAsync(new BasicTimes(-3, 0, 0, 0), 0, default));
        await open.CloseAsync();
    }

    [Fact]
    public async Task Attributes()
    {
        var file = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.InvalidParameter, await file.SetBasicAsync(default, FileAttributes.Directory, default));
        Assert.Equal(NtStatus.Success, await file.SetBasicAsync(default, FileAttributes.Hidden | FileAttributes.Normal, default));
        Assert.Equal(FileAttributes.Hidden, (await MetadataAsync(file)).Attributes);
        Assert.Equal(NtStatus.Success, await file.SetBasicAsync(default, 0, default));
        Assert.Equal(FileAttributes.Hidden, (await MetadataAsync(file)).Attributes);
        Assert.Equal(NtStatus.Success, await file.SetBasicAsync(default, FileAttributes.Normal, default));
        Assert.Equal((FileAttributes)0, (await MetadataAsync(file)).Attributes);
        await WriteAsync(file, 0, 1);
        Assert.Equal(FileAttributes.Archive, (await file.CloseAsync(query: true)).Value.Attributes);

        var directory = await _volume.MakeDirectoryAsync("d");
        Assert.Equal(NtStatus.InvalidParameter, await directory.SetBasicAsync(default, FileAttributes.Temporary, default));
        Assert.Equal(NtStatus.Success, await directory.SetBasicAsync(default, FileAttributes.Directory | FileAttributes.Hidden, default));
        Assert.Equal(FileAttributes.Directory | FileAttributes.Hidden, (await MetadataAsync(directory)).Attributes);
        await directory.CloseAsync();
    }

    private static async Task<long> WriteTimeAsync(FileOpen open) => (await MetadataAsync(open)).LastWriteTime.Ticks;

    private async Task<long> ListedTimeAsync(string name)
    {
        var root = await _volume.OpenAsync(string.Empty, access: FileAccessMask.ReadData);
        var begun = await root.QueryDirectoryAsync(name, restart: true, reopen: true, after: null, default);
        Assert.Equal(NtStatus.Success, begun.Status);
        FileTime time;
        using (var query = begun.Value)
        {
            Assert.Equal(NtStatus.Success, await query.PeekAsync(default));
            time = query.Current.Metadata.LastWriteTime;
        }

        await root.CloseAsync();
        return time.Ticks;
    }

    private void Advance(int seconds) => _volume.Clock.Advance(TimeSpan.FromSeconds(seconds));
}
