using System.Text.RegularExpressions;
using Xunit;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>Rules of the source text that no analyzer knows.</summary>
public sealed partial class SourceTests
{
    /// <summary>Lines from which on a value or an interface is more than something beside the type that it belongs to.</summary>
    private const int LargeType = 40;

    private static readonly string[] Texts = [".cs", ".md", ".py", ".sh"];

    /// <summary>A specification is cited by its name and the number: MS-SMB2 3.3.5.9, RFC 4178 4.2.1.</summary>
    [Fact]
    public void Specifications_are_cited_in_one_way()
    {
        var wrong = new List<string>();
        foreach (var file in Files(Repository.Root).Where(file => Texts.Contains(Path.GetExtension(file))))
        {
            var number = 0;
            foreach (var line in File.ReadLines(file))
            {
                number++;
                if (OtherCitation().IsMatch(line))
                {
                    wrong.Add($"{Path.GetRelativePath(Repository.Root, file)}:{number}: {line.Trim()}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    /// <summary>
    /// A file is about one class, or one large value. Enumerations, delegates and small values and interfaces may stand beside what they
    /// belong to; a generic type and its like of the same name are one.
    /// </summary>
    [Fact]
    public void A_file_is_about_one_type() =>
        Assert.Empty(
            from file in Files(Repository.Library)
            where file.EndsWith(".cs", StringComparison.Ordinal)
            let types = TypesIn(File.ReadAllLines(file)).Where(static type => type.IsLarge).Select(static type => type.Name).Distinct().ToArray()
            where types.Length > 1
            select $"{Path.GetRelativePath(Repository.Library, file)}: {string.Join(", ", types)}");

    [Theory]
    [InlineData("[MS" + "-SMB2] 3.3.5.9", true)]
    [InlineData("MS-SMB2 sec" + "tion 3.3.5.9", true)]
    [InlineData("MS-SMB2, sec" + "tions 3.3.5.9 and 3.3.5.10", true)]
    [InlineData("MS-SMB2 \u00A7 3.3.5.9", true)]
    [InlineData("MS-SMB2 3.3.5.9", false)]
    [InlineData("a section of the file, [MS] and 3 more", false)]
    public void Another_citation_is_told_from_the_one(string text, bool isOther) => Assert.Equal(isOther, OtherCitation().IsMatch(text));

    [Fact]
    public void The_types_of_a_file_are_found_with_their_size()
    {
        string[] file =
        [
            "namespace N;", "", "internal enum E", "{", "    A,", "}", "", "public sealed record R(int X);", "", "internal static class C", "{",
            "    private sealed class Inner", "    {", "    }", "}", "", "internal readonly record struct L", "{",
            .. Enumerable.Repeat("    // line", LargeType), "}",
        ];
        Assert.Equal([("E", false), ("R", false), ("C", true), ("L", true)], TypesIn(file));
    }

    private static IEnumerable<(string Name, bool IsLarge)> TypesIn(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            if (TopLevelType().Match(lines[i]) is { Success: true } type)
            {
                var kind = type.Groups["kind"].Value;
                var end = Array.FindIndex(lines, i, static line => line.StartsWith('}') || line.EndsWith(");", StringComparison.Ordinal));
                yield return (
                    type.Groups["name"].Value,
                    kind == "class" || (kind is not ("enum" or "delegate") && end - i + 1 >= LargeType));
            }
        }
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar)
                .Any(static part => part is "bin" or "obj" || part.StartsWith('.')));

    [GeneratedRegex(@"\[MS-[A-Z]|\b[Ss]ections? \d|\bchapter \d|\u00A7")]
    private static partial Regex OtherCitation();

    [GeneratedRegex(
        @"^(?:(?:public|internal|file|sealed|abstract|static|partial|readonly|ref|unsafe) )*(?:(?<kind>record struct|record|class|struct|interface|enum) |(?<kind>delegate) [\w<>]+ )(?<name>\w+)")]
    private static partial Regex TopLevelType();
}
