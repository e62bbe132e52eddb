using System.Text.RegularExpressions;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>
/// In which folder of the library's source each type is declared, as <c>Files/Locking</c>. A public type may have another namespace than
/// its folder: what a host touches is in <c>Smb3.Embedded</c>, wherever it is kept.
/// </summary>
internal sealed partial class SourceFolders
{
    private readonly Dictionary<string, string> _folders = [];

    private SourceFolders()
    {
    }

    public static SourceFolders Read()
    {
        var folders = new SourceFolders();
        foreach (var file in Directory.EnumerateFiles(Repository.Library, "*.cs", SearchOption.AllDirectories))
        {
            var folder = Path.GetRelativePath(Repository.Library, Path.GetDirectoryName(file)!).Replace('\\', '/');
            if (folder.Split('/')[0] is not ("bin" or "obj"))
            {
                folders.Add(folder, File.ReadAllText(file));
            }
        }

        return folders;
    }

    /// <summary>The folder; <see langword="null"/> for what no source file declares.</summary>
    public string? Of(Type type) => _folders.GetValueOrDefault(TypeReferences.Outermost(type).FullName!);

    private void Add(string folder, string source)
    {
        var space = NamespaceLine().Match(source).Groups[1].Value;
        foreach (Match type in TypeLine().Matches(source))
        {
            var generics = type.Groups[2].Value.Length == 0 ? 0 : type.Groups[2].Value.Count(c => c == ',') + 1;
            _folders[$"{space}.{type.Groups[1].Value}{(generics > 0 ? $"`{generics}" : string.Empty)}"] = folder;
        }
    }

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(
        @"^(?:(?:public|internal|file|static|sealed|abstract|readonly|ref|unsafe|partial)\s+)*"
        + @"(?:record\s+struct|record\s+class|record|class|struct|interface|enum|delegate\s+[\w<>?,.\s]+?)\s+(\w+)(<[^>]*>)?",
        RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
