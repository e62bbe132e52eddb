using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Storage;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class ShortNameTests
{
    private const string Long = "A rather long name.jpeg";
    private const string Short = "ARATHE~1.JPE";

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
    [InlineData("\u00E4", false)]
    [InlineData("a+b", false)]
    public void A_short_name_is_its_own(string name, bool isShort)
    {
        Assert.Equal(isShort, ShortNames.IsShort(name));
        foreach (var own in new[] { ShortNames.Make(name, static _ => false), ShortNames.Hashed(name) })
        {
            Assert.True(ShortNames.IsShort(own), own);
            Assert.True(ShortNames.CanStandForAnother(own, anyWithoutTilde: false), own);
        }
    }

    [Theory]
    [InlineData("Long file name.txt", "LONGFI~1.TXT")]
    [InlineData("longname.html", "LONGNA~1.HTM")]
    [InlineData("a.tar.gz", "ATAR~1.GZ")]
    [InlineData(".bashrc", "BASHRC~1")]
    [InlineData("..name.x", "NAME~1.X")]
    [InlineData("name with dot\uF029", "NAMEWI~1")]
    [InlineData("a+b=c.d", "A_B_C~1.D")]
    [InlineData("\u00FCber alles.doc", "_BERAL~1.DOC")]
    public void A_short_name_is_made_of_the_first_letters(string name, string shortName) =>
        Assert.Equal(shortName, ShortNames.Make(name, static _ => false));

    [Theory]
    [InlineData("a b", "^AB[0-9A-F]{4}~1$")]
    [InlineData("x.html", "^X[0-9A-F]{4}~1\\.HTM$")]
    [InlineData("...", "^[0-9A-F]{4}~1$")]
    public void Where_there_are_too_few_letters_there_is_a_checksum(string name, string pattern) =>
        Assert.Matches(pattern, ShortNames.Make(name, static _ => false));

    [Fact]
    public void The_fifth_of_a_kind_has_a_checksum()
    {
        var taken = new HashSet<string>();
        var made = Enumerable.Range(0, 300).Select(i => Make($"Report of the day {i}.docx")).ToList();
        Assert.Equal(["REPORT~1.DOC", "REPORT~2.DOC", "REPORT~3.DOC", "REPORT~4.DOC"], made[..4]);
        Assert.All(made[4..], static name => Assert.Matches("^RE[0-9A-F]{4}~1\\.DOC$", name));
        Assert.Equal(300, taken.Count);

        // Whatever is taken, there is another.
        var last = "RE" + made[4][2..6];
        for (var i = 1; i < 30; i++)
        {
            var other = Make("Report of the day 4.docx");
            Assert.True(ShortNames.IsShort(other), other);
            Assert.StartsWith(i < 9 ? last : "R" + last[2..], other);
        }

        string Make(string name)
        {
            var own = ShortNames.Make(name, taken.Contains);
            Assert.True(taken.Add(own));
            return own;
        }
    }

    [Fact]
    public void In_large_directories_short_names_never_change()
    {
        Assert.Equal(ShortNames.Hashed(Long), ShortNames.Hashed(Long.ToUpperInvariant()));
        Assert.Matches("^A[0-9A-Z]{5}~[0-9A-Z]\\.JPE$", ShortNames.Hashed(Long));
        Assert.True(ShortNames.IsHashOf(ShortNames.Hashed(Long), Long));
        Assert.False(ShortNames.IsHashOf(ShortNames.Hashed(Long), Long + "x"));
        var names = Enumerable.Range(0, 20_000).Select(i => ShortNames.Hashed($"Report of the day {i}.docx")).ToHashSet();
        Assert.True(names.Count >= 19_998, $"{names.Count}");
    }

    [Fact]
    public async Task Files_have_short_names_in_the_order_in_which_they_came_and_keep_them()
    {
        await _volume.MakeAsync("LONGNA~2.TXT"); // is its own, so nobody else's
        for (var i = 1; i <= 6; i++)
        {
            _volume.Clock.Advance(TimeSpan.FromSeconds(1));
            await _volume.MakeAsync($"Long name {i}.txt");
        }

        string[] expected = ["LONGNA~1.TXT", "LONGNA~3.TXT", "LONGNA~4.TXT"];
        for (var round = 0; round < 3; round++)
        {
            for (var i = 1; i <= 3; i++)
            {
                Assert.Equal(expected[i - 1], await OfAsync($"Long name {i}.txt"));
                Assert.Equal($"Long name {i}.txt", await LeadsToAsync(expected[i - 1].ToLowerInvariant()));
            }

            var (fourth, fifth) = (await OfAsync("Long name 4.txt"), await OfAsync("Long name 5.txt"));
            Assert.Matches("^LO[0-9A-F]{4}~1.TXT$", fourth);
            Assert.Matches("^LO[0-9A-F]{4}~1.TXT$", fifth);
            Assert.NotEqual(fourth, fifth);
            Assert.Equal("Long name 5.txt", await LeadsToAsync(fifth!));
            _volume.Clock.Advance(TimeSpan.FromMinutes(round));
        }

        // What has gone leaves its short name to the next, and to nobody who is there.
        await RemoveAsync("Long name 1.txt");
        _volume.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await LeadsToAsync("LONGNA~1.TXT"));
        Assert.Equal("LONGNA~3.TXT", await OfAsync("Long name 2.txt"));
        await _volume.MakeAsync("Long name 7.txt");
        Assert.Equal("LONGNA~1.TXT", await OfAsync("Long name 7.txt"));
        Assert.Equal("Long name 7.txt", await LeadsToAsync("LONGNA~1.TXT"));
    }

    [Fact]
    public async Task A_name_that_has_come_just_now_has_its_own_at_once()
    {
        await _volume.MakeAsync("Long name 1.txt");
        Assert.Equal("LONGNA~1.TXT", await OfAsync("Long name 1.txt"));
        await _volume.MakeAsync("Long name 2.txt");
        Assert.Equal("LONGNA~2.TXT", await OfAsync("Long name 2.txt"));
        await RemoveAsync("Long name 1.txt");
        await _volume.MakeAsync("Long name 3.txt");
        Assert.Equal("Long name 2.txt", await LeadsToAsync("LONGNA~2.TXT"));
    }

    [Fact]
    public async Task In_a_directory_with_very_many_names_they_are_derived_from_the_long_ones()
    {
        for (var i = 0; i <= ShortNameTable.Capacity; i++)
        {
            await _volume.MakeAsync($"Long name {i}.txt");
        }

        Assert.Equal(ShortNames.Hashed("Long name 3.txt"), await OfAsync("Long name 3.txt"));
        Assert.Equal("Long name 3.txt", await LeadsToAsync(ShortNames.Hashed("Long name 3.txt")));
        Assert.Null(await LeadsToAsync("LONGNA~1.TXT"));
    }

    [Fact]
    public async Task A_file_is_found_by_its_short_name_and_by_those_of_its_directories()
    {
        await _volume.MakeAsync("A long directory", directory: true);
        await _volume.MakeAsync("A long directory\\" + Long);
        var path = "ALONGD~1\\" + Short.ToLowerInvariant();
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
        Assert.Equal(NtStatus.Success, await open.LinkAsync(Short + @"\g", replace: false, null, default));
        await open.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync(Long + @"\g"));
    }

    [Fact]
    public async Task A_file_made_anew_by_its_short_name_has_its_long_name_again_for_a_while()
    {
        await _volume.MakeAsync(Long);
        var open = await _volume.OpenAsync(Short, CreateDisposition.Open);
        await DeleteAsync(open);
        await open.CloseAsync();
        await _volume.MakeAsync(Short);
        open = await _volume.OpenAsync(Long, CreateDisposition.Open);
        await DeleteAsync(open);
        await open.CloseAsync();

        _volume.Clock.Advance(TimeSpan.FromSeconds(16));
        await _volume.MakeAsync(Short);
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync(Long));
    }

    /// <summary>FileShortNameInformation (MS-FSCC 2.4.44), in memory and in a folder, and after a restart.</summary>
    [Theory]
    [InlineData(false, "OTHER.X")]
    [InlineData(true, "OTHER.X")]
    [InlineData(false, "OTHER~5.X")]
    [InlineData(true, "OTHER~5.X")]
    public async Task A_short_name_can_be_given_taken_away_and_is_kept(bool onDisk, string given)
    {
        var folder = new TemporaryFolder();
        try
        {
            using var store = onDisk ? new PhysicalFileStore(folder.Path) : null;
            IFileStore files = store is not null ? store : _volume.Memory!;
            var volume = new TestVolume(files, new VolumeOptions());
            await volume.MakeAsync("d", directory: true);
            await volume.MakeAsync(@"d\Long name 1.txt");
            await volume.MakeAsync(@"d\Long name 2.txt");
            await volume.MakeAsync(@"d\real.x");
            var mine = await volume.OpenAsync(@"d\Long name 1.txt");
            Assert.Equal(NtStatus.PrivilegeNotHeld, await mine.SetShortNameAsync(given, default));
            await mine.CloseAsync();

            var open = (await volume.CreateAsync(@"d\Long name 1.txt", caller: TestVolume.Administrator)).Open!;
            Assert.Equal(NtStatus.InvalidParameter, await open.SetShortNameAsync("too long a name", default));
            Assert.Equal(NtStatus.InvalidParameter, await open.SetShortNameAsync(@"a\b", default));
            Assert.Equal(NtStatus.InvalidParameter, await open.SetShortNameAsync(null, default));
            Assert.Equal(NtStatus.ObjectNameCollision, await open.SetShortNameAsync("REAL.X", default));
            Assert.Equal(NtStatus.ObjectNameCollision, await open.SetShortNameAsync("longna~2.txt", default));
            Assert.Equal(NtStatus.Success, await open.SetShortNameAsync(given.ToLowerInvariant(), default));
            await open.CloseAsync();
            foreach (var of in new[] { volume, new TestVolume(files, new VolumeOptions()) })
            {
                Assert.Equal(given, await of.Volume.ShortNames.OfAsync(new StorePath(@"d\Long name 1.txt"), default));
                Assert.Equal(NtStatus.Success, await of.StatusAsync(@"d\" + given.ToLowerInvariant()));
                Assert.Equal(NtStatus.ObjectNameCollision, await of.StatusAsync(@"d\" + given, CreateDisposition.Create));
                Assert.Equal(NtStatus.ObjectNameNotFound, await of.StatusAsync(given));
            }

            open = (await volume.CreateAsync(@"d\Long name 2.txt", caller: TestVolume.Administrator)).Open!;
            Assert.Equal(NtStatus.ObjectNameCollision, await open.SetShortNameAsync(given, default));
            Assert.Equal(NtStatus.Success, await open.SetShortNameAsync(string.Empty, default));
            Assert.Null(await volume.Volume.ShortNames.OfAsync(open.Path, default));
            Assert.Equal(NtStatus.ObjectNameNotFound, await volume.StatusAsync(@"d\LONGNA~2.TXT"));
            await open.CloseAsync();

            // A new name is another file's, as far as short names go.
            open = (await volume.CreateAsync(@"d\Long name 1.txt", caller: TestVolume.Administrator)).Open!;
            Assert.Equal(NtStatus.Success, await open.RenameAsync(@"d\Long name 3.txt", false, false, null, default));
            await open.CloseAsync();
            Assert.Equal(NtStatus.ObjectNameNotFound, await volume.StatusAsync(@"d\" + given));
            volume.AssertEmpty();
        }
        finally
        {
            folder.Delete();
        }
    }

    private ValueTask<string?> OfAsync(string name) => _volume.Volume.ShortNames.OfAsync(new StorePath(name), default);

    private async Task<string?> LeadsToAsync(string shortName)
    {
        var path = await _volume.Volume.ShortNames.ResolveAsync(new StorePath(shortName), default);
        return path.Text == shortName ? null : path.Text;
    }

    private async Task RemoveAsync(string name)
    {
        var open = await _volume.OpenAsync(name, CreateDisposition.Open);
        await DeleteAsync(open);
        await open.CloseAsync();
    }
}
