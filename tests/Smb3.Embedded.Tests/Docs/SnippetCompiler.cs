using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Smb3.Embedded.Tests.Docs;

/// <summary>Compiles the snippets of a page as a reader would: with the implicit usings of the SDK and those that the page shows.</summary>
internal sealed class SnippetCompiler
{
    private static readonly string[] Sdk =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];

    private static readonly string[] WebSdk =
    [
        .. Sdk, "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http",
        "Microsoft.AspNetCore.Routing", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection",
        "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    /// <summary>
    /// Hides what the stage has of the same name, awaits nothing, does not use what it declares: what a snippet may do. All of nullability is
    /// an error.
    /// </summary>
    private static readonly CSharpCompilationOptions Options = new(
        OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true,
        generalDiagnosticOption: ReportDiagnostic.Error,
        specificDiagnosticOptions: new[] { "CS0108", "CS0114", "CS0162", "CS0168", "CS0169", "CS0219", "CS0414", "CS0649", "CS1591", "CS1701", "CS1702", "CS1998", "CS8019" }
            .Select(static id => KeyValuePair.Create(id, ReportDiagnostic.Suppress)));

    private static readonly Lazy<MetadataReference[]> References = new(static () =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => !Path.GetFileName(path).StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal)
                && Path.GetFileName(path) != "Smb3.Embedded.Tests.dll")
            .Select(static path => MetadataReference.CreateFromFile(path))]);

    private static readonly Lazy<SyntaxTree[]> Stage = new(static () =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "Smb3.Embedded.Tests", "Docs"), "Stage*.cs")
            .Select(static file => Parse(File.ReadAllText(file), file))]);

    private readonly IReadOnlyList<Snippet> _snippets;
    private readonly SyntaxTree[] _types;
    private readonly List<SyntaxTree> _fragments = [];

    public SnippetCompiler(IReadOnlyList<Snippet> snippets)
    {
        _snippets = snippets;
        var usings = new List<string> { "using Smb3.Embedded;" };
        var types = new List<SyntaxTree>();
        foreach (var snippet in snippets)
        {
            if (snippet.Kind != SnippetKind.Program)
            {
                (snippet.Kind == SnippetKind.Types ? types : _fragments).Add(Parse(snippet.ToSource(usings), snippet.Page));
            }

            usings = [.. usings.Union(snippet.Usings)];
        }

        _types = [.. types];
    }

    /// <summary>What is wrong with the snippets: the page, the line, and what the compiler says.</summary>
    public IReadOnlyList<string> FindErrors()
    {
        var errors = new List<string>();
        foreach (var program in _snippets.Where(static snippet => snippet.Kind == SnippetKind.Program))
        {
            var tree = Parse(program.ToSource([]), program.Page);
            Report(Compile(program.IsWeb ? WebSdk : Sdk, [.. _types, tree], OutputKind.ConsoleApplication), errors);
        }

        var library = Compile(Sdk, [.. _types, .. _fragments], OutputKind.DynamicallyLinkedLibrary);
        Report(library, errors);
        foreach (var snippet in _snippets.Where(static snippet => snippet.Kind == SnippetKind.Members))
        {
            errors.AddRange(library.GetTypeByMetadataName(snippet.ClassName)!.GetMembers().OfType<IMethodSymbol>()
                .Where(method => method is { DeclaredAccessibility: Accessibility.Public, MethodKind: MethodKind.Ordinary } && !IsPromised(library, method))
                .Select(method => $"{snippet.Page}:{snippet.Line}: no interface of the library has {method.ToDisplayString()}"));
        }

        return errors;
    }

    /// <summary>Whether a public interface of the library has such a method; in a class that does not say which, no compiler asks.</summary>
    private static bool IsPromised(Compilation compilation, IMethodSymbol method) =>
        typeof(SmbServer).Assembly.GetExportedTypes().Where(static type => type.IsInterface && !type.IsGenericType)
            .SelectMany(type => compilation.GetTypeByMetadataName(type.FullName!)!.GetMembers(method.Name)).OfType<IMethodSymbol>()
            .Any(promise => SymbolEqualityComparer.Default.Equals(promise.ReturnType, method.ReturnType)
                && promise.Parameters.Select(static parameter => parameter.Type)
                    .SequenceEqual(method.Parameters.Select(static parameter => parameter.Type), SymbolEqualityComparer.Default));

    private static CSharpCompilation Compile(IEnumerable<string> usings, IEnumerable<SyntaxTree> trees, OutputKind kind) =>
        CSharpCompilation.Create(
            "Snippets",
            [Parse(string.Concat(usings.Append(typeof(Stage).Namespace).Select(static space => $"global using {space};\n")), "usings"), .. Stage.Value, .. trees],
            References.Value,
            Options.WithOutputKind(kind));

    private static void Report(Compilation compilation, List<string> errors) =>
        errors.AddRange(compilation.GetDiagnostics().Where(static found => found.Severity == DiagnosticSeverity.Error).Select(static found =>
        {
            var place = found.Location.GetMappedLineSpan();
            return $"{place.Path}:{place.StartLinePosition.Line + 1}: {found.Id} {found.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}";
        }));

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Latest), path);
}
