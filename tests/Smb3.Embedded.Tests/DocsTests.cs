using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace Smb3.Embedded.Tests;

/// <summary>docs/security.md names what holds a promise and what proves it, docs/architecture.md what does the work; all must be there.</summary>
public sealed partial class DocsTests
{
    private static readonly Assembly Library = typeof(SmbServer).Assembly;
    private static readonly Assembly[] Packages = [Library, typeof(SmbMonitorEndpointRouteBuilderExtensions).Assembly, typeof(DiscoveryOptions).Assembly, typeof(ControlBuilderExtensions).Assembly];
    private static readonly Assembly Tests = typeof(DocsTests).Assembly;
    private static readonly Assembly Conformance = typeof(StoreConformance.FileStoreConformance).Assembly;

    /// <summary>The lines of the page's table of faults: what it is, what holds it, what proves it.</summary>
    private static List<(string Fault, string HeldBy, string ProvenBy)> Rows()
    {
        var rows = new List<(string, string, string)>();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "security.md")))
        {
            var cells = line.Split('|', StringSplitOptions.TrimEntries);
            if (line.StartsWith('|') && cells.Length == 6 && cells[1] is not ("fault" or "---"))
            {
                rows.Add((cells[1], cells[3], cells[4]));
            }
        }

        return rows;
    }

    [Fact]
    public void Every_fault_has_what_holds_it_and_what_proves_it()
    {
        var rows = Rows();
        Assert.True(rows.Count > 20, $"Only {rows.Count} rows.");
        Assert.All(rows, row =>
        {
            Assert.True(Names(row.HeldBy).Any(), row.Fault);
            Assert.True(Names(row.ProvenBy).Any(), row.Fault);
        });
    }

    [Fact]
    public void Every_type_and_member_that_holds_something_is_there() =>
        Assert.All(Rows().SelectMany(row => Names(row.HeldBy)), name => Assert.True(Array.Exists(Packages, package => Exists(package, name)), name));

    [Fact]
    public void Every_test_that_proves_something_is_there_and_is_run() =>
        Assert.All(Rows().SelectMany(row => Names(row.ProvenBy)), name =>
        {
            Assert.True(Exists(Tests, name) || Exists(Conformance, name), name);
            var parts = name.Split('.');
            var methods = Tests.GetTypes().Concat(Conformance.GetTypes()).Where(type => type.Name == parts[0])
                .SelectMany(type => type.GetMethods()).Where(method => parts.Length == 1 || method.Name == parts[1]);
            Assert.True(
                methods.SelectMany(method => method.GetCustomAttributes<FactAttribute>()).Any(fact => fact.Skip is null), $"{name} is no test.");
        });

    [Fact]
    public void Every_type_of_the_architecture_is_there()
    {
        var names = Names(File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md"))).Where(name => Identifier().IsMatch(name)).ToList();
        Assert.True(names.Count > 60, $"Only {names.Count} names.");
        Assert.All(names, name => Assert.True(Exists(Library, name) || Exists(Tests, name) || IsMember(name), name));
    }

    /// <summary>The store that docs/stores.md shows is the sample, which is compiled and passes the conformance kit.</summary>
    [Fact]
    public void The_store_that_is_shown_is_the_sample()
    {
        var sample = File.ReadAllText(Path.Combine(Repository.Root, "samples", "SqliteStore", "SqliteFileStore.cs")).ReplaceLineEndings("\n");
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "stores.md")).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{sample}```\n", page, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(string cell) => InBackticks().Matches(cell).Select(match => match.Groups[1].Value);

    private static bool Exists(Assembly assembly, string name)
    {
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        var parts = name.Split('.');
        return assembly.GetTypes().Any(type => type.Name.Split('`')[0] == parts[0] && (parts.Length == 1 || type.GetMember(parts[1], Any).Length > 0));
    }

    private static bool IsMember(string name)
    {
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        return Library.GetTypes().Any(type => type.GetMember(name, Any).Length > 0);
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9]*(\\.[A-Z][A-Za-z0-9]*)?$")]
    private static partial Regex Identifier();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex InBackticks();
}
