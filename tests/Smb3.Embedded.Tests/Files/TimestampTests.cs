using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class TimestampTests
{
    private readonly TestVolume _volume = new();

    [Fact]
    public async Task The_first_write_shows_after_the_delay()
    {
        var open = await _volume.OpenAsync("f");
        var created = await WriteTimeAsync(open);
        Advance(1);
        await WriteAsync(open, 0, 1);
        Assert.Equal(created, await WriteTimeAsync(open));
        Advance(3);
        var shown = await WriteTimeAsync(open);
        Assert.True(shown > created);
        Advance(1);
        var closed = await open.CloseAsync(query: true);
        Assert.Equal(shown, closed.Value.LastWriteTime.Ticks);
    }

    [Fact]
    public async Task The_second_write_shows_with_the_close()
    {
        var open = await _volume.OpenAsync("f");
        await WriteAsync(open, 0, 1);
        Advance(3);
        var shown = await WriteTimeAsync(open);
        await WriteAsync(open, 0, 1);
        Advance(3);
        Assert.Equal(shown, await WriteTimeAsync(open));
        Advance(2);
        var now = _volume.Volume.Now();
        var closed = await open.CloseAsync(query: true);
        Assert.Equal(now, closed.Value.LastWriteTime);
    }

    [Theory]
    [InlineData("flush")]
    [InlineData("basic")]
    [InlineData("end")]
    public async Task A_flush_basic_information_and_a_new_end_show_it_at_once(string how)
    {
        var open = await _volume.OpenAsync("f");
        var created = await WriteTimeAsync(open);
        Advance(1);
        await WriteAsync(open, 0, 1);
        var status = how switch
        {
            "flush" => await open.FlushAsync(default),
            "basic" => await open.SetBasicAsync(default, 0, default),
            _ => await open.SetEndOfFileAsync(1, default),
        };
        Assert.Equal(NtStatus.Success, status);
        var shown = await WriteTimeAsync(open);
        Assert.True(shown > created);
        Advance(1);
        Assert.Equal(shown, (await open.CloseAsync(query: true)).Value.LastWriteTime.Ticks);
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

    private void Advance(int seconds) => _volume.Clock.Advance(TimeSpan.FromSeconds(seconds));
}
