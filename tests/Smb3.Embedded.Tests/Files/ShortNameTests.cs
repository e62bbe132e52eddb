using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class ShortNameTests
{
    private const string Long = "A rather long name.jpeg";

    private readonly TestVolume _volume = new();

    [Theory]
    [InlineData("README.TXT", true)]
    [InlineData("Readme", true)]
    [InlineData("a~1.b", true)]
    [InlineData("12345678.123", true)]
    [InlineData("123456789", false)]
    [InlineData("a.html", false)]
    [InlineData("a.b.c", false)]
    [InlineData(".git", false)]
    [InlineData("a.", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    [InlineData("a+b", false)]
    public void A_short_name_is_its_own(string name, bool isShort)
    {
        Assert.Equal(isShort, ShortNames.IsShort(name));
        var own = ShortNames.Of(name);
        Assert.Equal(isShort, own == name);
        Assert.True(ShortNames.IsShort(own), own);
        Assert.Equal(!isShort, ShortNames.CanStandForAnother(own) && own != name);
    }

    [Fact]
    public void Short_names_never_change()
    {
        Assert.Equal(ShortNames.Of(Long), ShortNames.Of(Long.ToUpperInvariant()));
        Assert.Matches("^A[0-9A-Z]{5}~[0-9A-Z]\\.JPE$", ShortNames.Of(Long));
        Assert.True(ShortNames.StandsFor(ShortNames.Of(Long), Long));
        Assert.False(ShortNames.StandsFor(ShortNames.Of(Long), Long + "x"));
    }

    [Fact]
    public void Many_names_have_as_many_short_names()
    {
        var names = Enumerable.Range(0, 20_000).Select(i => ShortNames.Of($"Report of the day {i}.docx")).ToHashSet();
        Assert.True(names.Count >= 19_998, $"{names.Count}");
    }

    [Fact]
    public async Task A_file_is_found_by_its_short_name_and_by_those_of_its_directories()
    {
        await _volume.MakeAsync("A long directory", directory: true);
        await _volume.MakeAsync("A long directory\\" + Long);
        var path = ShortNames.Of("A long directory") + "\\" + ShortNames.Of(Long).ToLowerInvariant();
        var open = await _volume.OpenAsync(path, CreateDisposition.Open);
        Assert.Equal("A long directory\\" + Long, open.Path.Text);
        await open.CloseAsync();
        var other = path[..^1] + "X";
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync(other));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync(other, CreateDisposition.Create));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("A long directory\\" + other[^12..]));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_link_is_made_in_a_directory_that_is_named_by_its_short_name()
    {
        await _volume.MakeAsync(Long, directory: true);
        var open = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await open.LinkAsync(ShortNames.Of(Long) + @"\g", replace: false, null, default));
        await open.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync(Long + @"\g"));
    }

    [Fact]
    public async Task A_file_made_anew_by_its_short_name_has_its_long_name_again_for_a_while()
    {
        await _volume.MakeAsync(Long);
        var open = await _volume.OpenAsync(ShortNames.Of(Long), CreateDisposition.Open);
        await DeleteAsync(open);
        await open.CloseAsync();
        await _volume.MakeAsync(ShortNames.Of(Long));
        open = await _volume.OpenAsync(Long, CreateDisposition.Open);
        await DeleteAsync(open);
        await open.CloseAsync();

        _volume.Clock.Advance(TimeSpan.FromSeconds(16));
        await _volume.MakeAsync(ShortNames.Of(Long));
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync(Long));
    }
}
