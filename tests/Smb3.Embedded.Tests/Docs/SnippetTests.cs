using Xunit;

namespace Smb3.Embedded.Tests.Docs;

/// <summary>The C# of README.md and the documents compiles. CONTRIBUTING.md says how a snippet is read.</summary>
public sealed class SnippetTests
{
    public static TheoryData<string> Pages { get; } = [.. FindPages()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_snippet_compiles(string page)
    {
        var errors = new SnippetCompiler(Snippet.ReadPage(page)).FindErrors();
        Assert.True(errors.Count == 0, string.Join("\n", errors));
    }

    private static IEnumerable<string> FindPages() =>
        Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.md", SearchOption.AllDirectories))
            .Select(static file => Path.GetRelativePath(Repository.Root, file))
            .Where(static page => Snippet.ReadPage(page).Count > 0)
            .Order(StringComparer.Ordinal);
}
