using System.Text.RegularExpressions;
using Xunit;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>
/// The tables of docs/settings.md are made from the code: the keys that it reads, the defaults of the options and their comments. After a
/// change: <c>SMB3_WRITE_SETTINGS=1 dotnet test --filter Docs.Settings</c>.
/// </summary>
public sealed partial class SettingsPageTests
{
    [Fact]
    public void The_tables_are_those_of_the_code()
    {
        var sections = SettingsSection.Everything.ToDictionary(static section => section.Path);
        MadeFile.Check(Path.Combine(Repository.Root, "docs", "settings.md"), text => Table().Replace(text, table =>
            table.Groups["begin"].Value + "\n" + SettingsTable.Write(sections[table.Groups["section"].Value]) + table.Groups["end"].Value));
    }

    /// <summary>What nobody has thought of when it came into the code would be in no table.</summary>
    [Fact]
    public void Every_section_has_a_table()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "settings.md")).ReplaceLineEndings("\n");
        var shown = Table().Matches(page).Select(static table => table.Groups["section"].Value).ToHashSet();

        // Targets of a namespace are what those of its links are.
        Assert.Empty(SettingsSection.Everything.Select(static section => section.Path).Except([.. shown, "Smb:Namespaces:0:Targets:0"]));
    }

    [GeneratedRegex(@"(?<begin><!-- made from the code: (?<section>[\w:]+) -->)\n(?:\|.*\n)*(?<end><!-- until here -->)")]
    private static partial Regex Table();
}
