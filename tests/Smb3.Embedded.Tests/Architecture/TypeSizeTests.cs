using System.Text.RegularExpressions;
using Xunit;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>No type grows past what one can keep in mind, over however many files it is spread.</summary>
public sealed partial class TypeSizeTests
{
    private const int Most = 700;

    [Theory]
    [InlineData("Smb3.Embedded")]
    [InlineData("Smb3.Embedded.StoreConformance")]
    public void No_type_is_too_large(string project)
    {
        var lines = LinesOfTypes(Path.Combine(Repository.Root, "src", project));
        Assert.NotEmpty(lines);
        var wrong = lines.Where(type => type.Value > Most).Select(type => $"{type.Key}: {type.Value}");
        Assert.Empty(wrong);
    }

    [Fact]
    public void Parts_of_a_type_are_counted_together()
    {
        var lines = new Dictionary<string, int>();
        Count("namespace A;\n\n/// <summary>Doc.</summary>\ninternal sealed partial class B\n{\n    int x;\n}\n", lines);
        Count("namespace A;\n\npartial class B\n{\n}\n\nenum C\n{\n}\n\ninternal delegate void D(int x);\n", lines);
        Assert.Equal(7, lines["A.B"]);
        Assert.Equal(3, lines["A.C"]);
        Assert.Equal(1, lines["A.D"]);
        Count("namespace A;\n\ninternal record struct E(\n    int X,\n    int Y);\n\ninternal class F\n{\n}\n", lines);
        Assert.Equal(3, lines["A.E"]);
        Assert.Equal(3, lines["A.F"]);
    }

    private static Dictionary<string, int> LinesOfTypes(string folder)
    {
        var lines = new Dictionary<string, int>();
        foreach (var file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            if (!Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            {
                Count(File.ReadAllText(file), lines);
            }
        }

        return lines;
    }

    /// <summary>Adds the lines of a file's top-level types, from the declaration to what closes it.</summary>
    private static void Count(string source, Dictionary<string, int> lines)
    {
        var space = string.Empty;
        string? open = null;
        var hasBody = false;
        foreach (var line in source.Split('\n'))
        {
            if (NamespaceLine().Match(line) is { Success: true } named)
            {
                space = named.Groups[1].Value;
            }
            else if (open is null && TypeLine().Match(line) is { Success: true } declared)
            {
                open = $"{space}.{declared.Groups[1].Value}";
            }

            if (open is null)
            {
                continue;
            }

            lines[open] = lines.GetValueOrDefault(open) + 1;
            hasBody |= line.StartsWith('{');
            if (hasBody ? line.StartsWith('}') : line.EndsWith(';') || line.EndsWith('}'))
            {
                (open, hasBody) = (null, false);
            }
        }
    }

    [GeneratedRegex(@"^namespace\s+([\w.]+)")]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(
        @"^(?:(?:public|internal|file|static|sealed|abstract|readonly|ref|unsafe|partial)\s+)*"
        + @"(?:record\s+struct|record\s+class|record|class|struct|interface|enum|delegate\s+[\w<>?,.\s]+?)\s+(\w+)")]
    private static partial Regex TypeLine();
}
