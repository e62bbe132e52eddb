using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Smb3.Embedded.Tests.Docs;

/// <summary>How much of a C# file a snippet is.</summary>
internal enum SnippetKind
{
    /// <summary>A whole program: begins with its usings.</summary>
    Program,

    /// <summary>Whole types.</summary>
    Types,

    /// <summary>Members of a type that the page speaks of: begins with an access modifier.</summary>
    Members,

    /// <summary>Statements, with the variables of <see cref="Stage"/>.</summary>
    Statements,
}

/// <summary>One C# block of a page.</summary>
/// <param name="Page">The page's path from the root of the repository.</param>
/// <param name="Line">The line of its first line of code, from 1.</param>
/// <param name="Code">What is between the fences.</param>
internal sealed partial record Snippet(string Page, int Line, string Code)
{
    private readonly CompilationUnitSyntax _unit = SyntaxFactory.ParseCompilationUnit(Code);
    private readonly string _body = UsingDirective().Replace(Code, string.Empty);

    public SnippetKind Kind =>
        _unit.Members.All(static member => member is BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax) ? SnippetKind.Types
            : AccessModifier().IsMatch(_body) ? SnippetKind.Members
            : _unit.Usings.Count > 0 ? SnippetKind.Program
            : SnippetKind.Statements;

    public string ClassName => $"Line{Line}";

    /// <summary>Whether it is for a project of the web SDK, which has more implicit usings.</summary>
    public bool IsWeb => Code.Contains("WebApplication.", StringComparison.Ordinal);

    /// <summary>What later snippets of the page need not say again: its usings, and the namespaces of its types.</summary>
    public IEnumerable<string> Usings => _unit.Usings.Select(static directive => directive.ToString())
        .Union(_unit.Members.OfType<BaseNamespaceDeclarationSyntax>().Select(static space => $"using {space.Name};"));

    /// <summary>The snippet as a file that the compiler takes, whose messages name the line of the page.</summary>
    /// <param name="earlier">The usings of the snippets before it.</param>
    public string ToSource(IEnumerable<string> earlier)
    {
        var isProgram = Kind == SnippetKind.Program;
        var usings = string.Concat((isProgram ? Usings : earlier.Union(Usings)).Select(static directive => directive + "\n"));
        var code = $"#line {Line} \"{Page}\"\n{_body}\n#line default\n";
        return usings + Kind switch
        {
            SnippetKind.Program or SnippetKind.Types => code,
            SnippetKind.Members => InClass(code),
            _ => InClass($"public async Task Run()\n{{\n{code}\n}}\n"),
        };
    }

    /// <summary>The C# blocks of <paramref name="page"/>.</summary>
    /// <param name="page">The page's path from the root of the repository.</param>
    /// <exception cref="InvalidDataException">A block does not end.</exception>
    public static IReadOnlyList<Snippet> ReadPage(string page)
    {
        var snippets = new List<Snippet>();
        var number = 0;
        (string Language, int Line, StringBuilder Code)? block = null;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, page)))
        {
            number++;
            var isFence = line.TrimStart().StartsWith("```", StringComparison.Ordinal);
            if (isFence && block is null)
            {
                block = (line.Trim('`', ' '), number + 1, new StringBuilder());
            }
            else if (isFence)
            {
                if (block!.Value.Language is "csharp" or "cs" or "c#")
                {
                    snippets.Add(new Snippet(page, block.Value.Line, block.Value.Code.ToString()));
                }

                block = null;
            }
            else
            {
                block?.Code.Append(line).Append('\n');
            }
        }

        return block is null ? snippets : throw new InvalidDataException($"{page}:{block.Value.Line}: the block does not end.");
    }

    private string InClass(string code) => $"internal abstract class {ClassName} : Stage\n{{\n{code}}}\n";

    [GeneratedRegex("^\\s*(public|protected|private|internal) ")]
    private static partial Regex AccessModifier();

    [GeneratedRegex("^using [^;()=]+;.*$", RegexOptions.Multiline)]
    private static partial Regex UsingDirective();
}
