using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Smb3.Embedded.BrowserTests;

/// <summary>The page in a browser, with people who work.</summary>
public sealed class MonitorPageTests(MonitoredServer server) : IClassFixture<MonitoredServer>
{
    public static TheoryData<int, ColorScheme> Looks => new()
    {
        { 1280, ColorScheme.Light }, { 1280, ColorScheme.Dark }, { 390, ColorScheme.Light }, { 390, ColorScheme.Dark },
    };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Nothing_keeps_anybody_from_using_it(int width, ColorScheme colors)
    {
        await server.WorkAsync("alice", "projects", "plan.txt", 1, 2, 3);
        var page = await server.OpenAsync(width, colors: colors);
        await page.GetByRole(AriaRole.Rowheader, new() { Name = "alice" }).First.WaitForAsync();

        var found = await page.RunAxe();

        Assert.Empty(found.Violations.Select(static violation =>
            $"{violation.Id}: {violation.Help}: {string.Join(" | ", violation.Nodes.Select(static node => node.Html))}"));
    }

    [Fact]
    public async Task A_narrow_screen_shows_all_of_it_without_scrolling_sideways()
    {
        await server.WorkAsync("alice", "projects", new string('x', 180), 1);
        var page = await server.OpenAsync(390);
        await page.GetByText("xxxxxx").First.WaitForAsync();

        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 390);
    }

    [Fact]
    public async Task It_says_who_is_there_and_how_protected()
    {
        await server.WorkAsync("bob", "vault", "secret.txt", 1);
        var page = await server.OpenAsync();

        var row = page.Locator("section[aria-labelledby=people-title] tbody tr", new() { HasText = "bob" }).First;
        await row.WaitForAsync();
        var said = await row.InnerTextAsync();

        Assert.Contains("127.0.0.1", said, StringComparison.Ordinal);
        Assert.Contains("vault", said, StringComparison.Ordinal);
        Assert.Contains("encrypted", said, StringComparison.Ordinal);
        Assert.Contains("AES-128-GCM", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_stay_and_with_them_the_focus_and_the_selection()
    {
        await server.WorkAsync("alice", "projects", "stays.txt", 1);
        var page = await server.OpenAsync();
        var row = page.Locator("section[aria-labelledby=files-title] tbody tr", new() { HasText = "stays.txt" });
        await row.WaitForAsync();
        await row.EvaluateAsync("row => { row.mark = 1; row.querySelector('button').focus(); getSelection().selectAllChildren(row.cells[0]); }");

        await page.WaitForFunctionAsync("() => { const at = document.querySelectorAll('#chart svg'); return (window.seen ??= at[0]) !== at[0]; }");
        await server.WorkAsync("alice", "projects", "another.txt", 1);
        await page.GetByText("another.txt").First.WaitForAsync();

        Assert.Equal(1, await row.EvaluateAsync<int>("row => row.mark"));
        Assert.True(await row.EvaluateAsync<bool>("row => row.contains(document.activeElement)"));
        Assert.Contains("stays.txt", await page.EvaluateAsync<string>("getSelection().toString()"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_filter_hides_what_does_not_contain_it_and_columns_sort()
    {
        foreach (var name in new[] { "one.txt", "three.txt", "two.txt" })
        {
            await server.WorkAsync("alice", "projects", "sorted-" + name, 1);
        }

        var page = await server.OpenAsync();
        await page.GetByText("sorted-two.txt").First.WaitForAsync();
        await page.GetByLabel("Show only what contains").FillAsync("SORTED-");
        var files = page.Locator("section[aria-labelledby=files-title]");
        var shown = files.Locator("tbody tr:visible th");
        Assert.Equal(3, await shown.CountAsync());

        await files.GetByRole(AriaRole.Button, new() { Name = "path" }).PressAsync("Enter");
        await files.GetByRole(AriaRole.Button, new() { Name = "path" }).PressAsync("Enter");

        Assert.Equal([@"\projects\sorted-two.txt", @"\projects\sorted-three.txt", @"\projects\sorted-one.txt"], await shown.AllInnerTextsAsync());
        Assert.Equal("descending", await files.Locator("th[aria-sort]").GetAttributeAsync("aria-sort"));
    }

    [Fact]
    public async Task Ending_asks_first()
    {
        var session = await server.WorkAsync("bob", "projects", "ends.txt", 1);
        var page = await server.OpenAsync();
        var row = page.Locator("section[aria-labelledby=files-title] tbody tr", new() { HasText = "ends.txt" });
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep" }).ClickAsync();
        Assert.Contains(server.Server.Opens, static open => open.Path == "ends.txt");
        Assert.True(await row.EvaluateAsync<bool>("row => row.contains(document.activeElement)"), "the focus does not come back to the button");

        await row.GetByRole(AriaRole.Button).PressAsync("Enter");
        await page.Locator("#confirm-yes").ClickAsync();
        await row.WaitForAsync(new() { State = WaitForSelectorState.Detached });

        Assert.DoesNotContain(server.Server.Opens, static open => open.Path == "ends.txt");
        Assert.NotNull(session);
    }

    [Fact]
    public async Task Names_are_text()
    {
        await server.WorkAsync("<b>mallory</b>", "projects", "'&amp;.txt", 1);
        var page = await server.OpenAsync();
        await page.GetByText("<b>mallory</b>").First.WaitForAsync();

        Assert.Equal(0, await page.Locator("#tables b").CountAsync());
        Assert.True(await page.GetByText(@"\projects\'&amp;.txt").CountAsync() > 0);
    }

    /// <summary>For people to look at: <c>SMB3_SCREENSHOTS</c> is the folder that they go to.</summary>
    [Fact]
    public async Task Fifty_sessions_fit()
    {
        for (var number = 0; number < 50; number++)
        {
            await server.WorkAsync(number % 3 == 0 ? "bob" : "alice", number % 5 == 0 ? "vault" : "projects", $@"report {number}.odt", new byte[number * 1000]);
        }

        foreach (var (name, width, colors) in new[] { ("wide", 1280, ColorScheme.Light), ("dark", 1280, ColorScheme.Dark), ("narrow", 390, ColorScheme.Light) })
        {
            var page = await server.OpenAsync(width, colors: colors);
            await page.GetByText("report 49.odt").First.WaitForAsync();
            Assert.True(await page.Locator("section[aria-labelledby=people-title] tbody tr").CountAsync() >= 50);
            if (Environment.GetEnvironmentVariable("SMB3_SCREENSHOTS") is { Length: > 0 } folder)
            {
                await Task.Delay(TimeSpan.FromSeconds(6)); // for the chart to have some points
                await page.ScreenshotAsync(new() { Path = Path.Join(folder, name + ".png"), FullPage = true });
            }
        }
    }
}
