using System.CommandLine;
using Smb3.Embedded.Serving;
using Smb3.Embedded.Tool;
using Smb3.Embedded.Tool.Output;
using Smb3.Embedded.Tool.Passwords;
using Xunit;

namespace Smb3.Embedded.Tests.Tool;

/// <summary>The command lines of the tool and of the console host, and what the tool writes.</summary>
public sealed class ToolTests : IDisposable
{
    private const string Hash = "0123456789ABCDEF0123456789ABCDEF";
    private const string Other = "FEDCBA9876543210FEDCBA9876543210";

    private readonly string _folder = Directory.CreateTempSubdirectory("smb3-t").FullName;

    private string Users => Path.Join(_folder, "users");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_said_to_serve_is_what_the_builder_reads()
    {
        var command = new RootCommand();
        var arguments = new ServeArguments(command, new ServeDefaults { TakesFolder = true });

        var parsed = command.Parse(["--share", "a=/x,readonly", "--node=n", "/y", "--share", "b=memory:", "--interface", "!lo"]);

        Assert.Empty(parsed.Errors);
        Assert.Equal(["--share=a=/x,readonly", "--share=b=memory:", "--node=n", "--interface=!lo"], arguments.Settings(parsed));
        Assert.Equal("/y", arguments.Folder(parsed)?.ToString());
    }

    [Fact]
    public void Every_setting_of_the_command_line_is_an_option_of_smb_serve()
    {
        var serve = ToolCommand.Create().Subcommands.Single(static command => command.Name == "serve");
        Assert.Empty(SmbCommandLine.Options.Select(static option => option.Name).Except(serve.Options.Select(static option => option.Name)));
    }

    [Theory]
    [InlineData("end")]
    [InlineData("passwd")]
    [InlineData("passwd", "u", "--delete")]
    [InlineData("cluster")]
    [InlineData("cluster", "move", "s")]
    [InlineData("completion", "fish")]
    [InlineData("serve", "--listen")]
    [InlineData("nothing")]
    [InlineData]
    public void What_lacks_something_is_refused(params string[] args) => Assert.NotEmpty(ToolCommand.Create().Parse(args).Errors);

    [Theory]
    [InlineData("plain ünïcödé 数据 😀", "plain ünïcödé 数据 😀")]
    [InlineData("\u001b[2Ja\r\nb", "\\u001B[2Ja\\u000D\\u000Ab")]
    [InlineData("\u202Egnp.exe\u200B\u2028", "\\u202Egnp.exe\\u200B\\u2028")]
    [InlineData("[red]", "[red]")]
    public void Nothing_that_a_client_chose_moves_the_cursor(string text, string visible) => Assert.Equal(visible, VisibleText.Of(text));

    [Fact]
    public void Half_a_character_is_told() => Assert.Equal(@"half\uFFFD", VisibleText.Of(string.Concat("half", '\uD800')));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(10L << 40, "10 TiB")]
    public void Amounts_are_short(long bytes, string text) => Assert.Equal(text, Amounts.Bytes(bytes));

    [Theory]
    [InlineData("u:" + Hash, "u:" + Other)]
    [InlineData("U:" + Hash + ":staff,admins", "u:" + Other + ":staff,admins")]
    [InlineData("u:!" + Hash + ":staff:Jane Doe", "u:!" + Other + ":staff:Jane Doe")]
    [InlineData("u:" + Hash + "::Jane Doe", "u:" + Other + "::Jane Doe")]
    [InlineData("u:1000:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:" + Hash + ":[UD         ]:LCT-5F000000:", "u:!" + Other)]
    [InlineData("u:1000:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:" + Hash + ":[U          ]:LCT-5F000000:", "u:" + Other)]
    public void A_new_password_changes_nothing_else(string before, string after)
    {
        string[] lines = ["# u:comment", "uu:" + Hash, before, "", "last:" + Hash];

        Assert.Equal(["# u:comment", "uu:" + Hash, after, "", "last:" + Hash], UsersText.Set(lines, "u:" + Other, keepsGroups: true));
        Assert.Equal(["# u:comment", "uu:" + Hash, "", "last:" + Hash], UsersText.Remove(lines, "u"));
        Assert.Equal([.. lines, "new:" + Other], UsersText.Set(lines, "new:" + Other, keepsGroups: true));
        Assert.Null(UsersText.Remove(lines, "new"));
    }

    [Fact]
    public void A_file_of_users_is_made_for_its_owner_alone_and_its_mode_is_kept()
    {
        UsersFileEditor.Change(Users, static lines => [.. lines, "u:" + Hash]);
        Assert.Equal("u:" + Hash + "\n", File.ReadAllText(Users));
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Users));
        const UnixFileMode Wider = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.SetUnixFileMode(Users, Wider);
        var link = Path.Join(_folder, "link");
        File.CreateSymbolicLink(link, Users);
        UsersFileEditor.Change(link, static lines => [.. lines, "v:" + Hash]);
        Assert.Equal(Wider, File.GetUnixFileMode(Users));
        Assert.Equal(2, File.ReadAllLines(Users).Length);
        Assert.NotNull(File.ResolveLinkTarget(link, returnFinalTarget: false));
    }

    [Fact]
    public void A_change_that_fails_leaves_the_file_as_it_was_and_nothing_beside_it()
    {
        File.WriteAllText(Users, "wrong\n");
        Assert.Throws<InvalidDataException>(() => UsersFileEditor.Change(Users, static lines => [.. lines, "u:" + Hash]));
        File.WriteAllText(Users, "u:" + Hash + "\n");
        Assert.Throws<InvalidDataException>(() => UsersFileEditor.Change(Users, static lines => [.. lines, "U:" + Hash]));
        Assert.Equal("u:" + Hash + "\n", File.ReadAllText(Users));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Two_do_not_change_a_file_at_once()
    {
        File.WriteAllText(Users, string.Empty);
        UsersFileEditor.Change(Users, lines =>
        {
            var second = Assert.Throws<IOException>(() => UsersFileEditor.Change(Users, static other => [.. other, "v:" + Hash]));
            Assert.Contains("Somebody else", second.Message, StringComparison.Ordinal);
            return [.. lines, "u:" + Hash];
        });
        Assert.Equal("u:" + Hash + "\n", File.ReadAllText(Users));
    }
}
