using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Versions;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public sealed class PreviousVersionTests
{
    private readonly TestVolume _volume = new();

    private MemoryFileStore Store => _volume.Memory!;

    [Theory]
    [InlineData(@"@GMT-2030.01.31-23.59.58\dir\file", @"dir\file")]
    [InlineData(@"dir\@GMT-2030.01.31-23.59.58\file", @"dir\file")]
    [InlineData(@"dir\file\@GMT-2030.01.31-23.59.58", @"dir\file")]
    [InlineData("@GMT-2030.01.31-23.59.58", "")]
    [InlineData(@"@GMT-2030.01.31-23.59.58\", "")]
    public void The_token_is_found_wherever_it_stands(string path, string rest)
    {
        Assert.True(VersionTime.TryTake(path, out var time, out var without));
        Assert.Equal(rest, without);
        Assert.Equal(new DateTimeOffset(2030, 1, 31, 23, 59, 58, TimeSpan.Zero), time.ToDateTimeOffset());
    }

    [Theory]
    [InlineData("file")]
    [InlineData("@GMT-")]
    [InlineData("@GMT-2030.13.31-23.59.58")]
    [InlineData("@GMT-2030.01.31-23.59.58x")]
    [InlineData("x@GMT-2030.01.31-23.59.58")]
    [InlineData("@GMT-2030.01.31-23-59-58")]
    public void What_only_looks_like_a_token_is_a_name(string path) => Assert.False(VersionTime.TryTake(path, out _, out _));

    [Fact]
    public async Task A_snapshot_shows_what_was_and_not_what_is()
    {
        await PutAsync("file", 1);
        Store.TakeSnapshot();
        await PutAsync("file", 2);
        await PutAsync("new", 3);

        Assert.Equal(1, await GetAsync(@"@GMT-2030.01.01-00.00.00\file"));
        Assert.Equal(2, await GetAsync("file"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await ReadStatusAsync(@"@GMT-2030.01.01-00.00.00\new"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await ReadStatusAsync(@"@GMT-2030.01.01-00.00.01\file"));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Nothing_in_a_snapshot_can_be_changed()
    {
        await PutAsync("file", 1);
        Store.TakeSnapshot();
        const string Old = @"@GMT-2030.01.01-00.00.00\";
        Assert.Equal(NtStatus.MediaWriteProtected, await _volume.StatusAsync(Old + "file", access: FileAccessMask.WriteData));
        Assert.Equal(NtStatus.MediaWriteProtected, await _volume.StatusAsync(Old + "file", access: FileAccessMask.Delete));
        Assert.Equal(NtStatus.MediaWriteProtected, await _volume.StatusAsync(Old + "none", CreateDisposition.Create));
        Assert.Equal(
            NtStatus.MediaWriteProtected,
            await _volume.StatusAsync(Old + "file", CreateDisposition.OverwriteIf, access: FileAccessMask.ReadData));

        var open = await _volume.OpenAsync(Old + "file", CreateDisposition.Open, FileAccessMask.MaximumAllowed);
        Assert.False(open.HasAny(FileAccessMask.WriteData | FileAccessMask.Delete | FileAccessMask.WriteDac));
        await open.CloseAsync();
    }

    [Fact]
    public async Task The_times_are_told_newest_first_also_through_a_snapshot()
    {
        await PutAsync("file", 1);
        Store.TakeSnapshot();
        _volume.Clock.Advance(TimeSpan.FromHours(1));
        Store.TakeSnapshot();
        var open = await _volume.OpenAsync(@"file\@GMT-2030.01.01-00.00.00", CreateDisposition.Open, FileAccessMask.ReadData);
        var times = await open.Volume.Versions.ListAsync(CancellationToken.None);
        Assert.Equal([1, 0], times.Value.Select(time => time.ToDateTimeOffset().Hour));
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_snapshot_that_is_deleted_stays_for_who_has_it_open_and_gives_its_space_back_after()
    {
        await PutAsync("file", new byte[100_000]);
        var time = Store.TakeSnapshot();
        var full = await FreeAsync();
        await PutAsync("file", 2);
        await using (var volume = new Closing(await _volume.OpenAsync(
            @"@GMT-2030.01.01-00.00.00\file", CreateDisposition.Open, FileAccessMask.ReadData)))
        {
            Assert.True(Store.DeleteSnapshot(time));
            Assert.False(Store.DeleteSnapshot(time));
            Assert.Equal(100_000, (await TestVolume.ReadAsync(volume.Open, 0, 200_000)).Value);
        }

        Assert.True(await FreeAsync() > full);
        Assert.Equal(NtStatus.ObjectNameNotFound, await ReadStatusAsync(@"@GMT-2030.01.01-00.00.00\file"));
    }

    [Fact]
    public async Task A_snapshot_costs_its_names_and_no_data_before_something_changes()
    {
        await PutAsync("file", new byte[100_000]);
        var before = await FreeAsync();
        Store.TakeSnapshot();
        Assert.InRange(await FreeAsync(), before - 4096, before - 1);
    }

    private async Task PutAsync(string path, params byte[] data)
    {
        var open = await _volume.OpenAsync(path, CreateDisposition.OverwriteIf);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(open, 0, data));
        await open.CloseAsync();
    }

    private async Task<byte> GetAsync(string path)
    {
        var open = await _volume.OpenAsync(path, CreateDisposition.Open, FileAccessMask.ReadData);
        var data = new byte[1];
        Assert.Equal(1, (await open.ReadAsync(0, data, 0, CancellationToken.None)).Value);
        await open.CloseAsync();
        return data[0];
    }

    private Task<NtStatus> ReadStatusAsync(string path) => _volume.StatusAsync(path, access: FileAccessMask.ReadData);

    private async Task<long> FreeAsync() => (await _volume.Volume.GetVolumeAsync(CancellationToken.None)).Value.FreeBytes;

    private sealed record Closing(FileOpen Open) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Open.CloseAsync();
    }
}
