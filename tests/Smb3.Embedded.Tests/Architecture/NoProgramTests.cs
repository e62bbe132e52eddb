using Xunit;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>Nothing that a client sends can end up in a command line, because there is none.</summary>
public sealed class NoProgramTests
{
    [Fact]
    public void The_library_starts_no_programs()
    {
        var references = typeof(SmbServer).Assembly.GetReferencedAssemblies().Select(reference => reference.Name);
        Assert.DoesNotContain("System.Diagnostics.Process", references);
        foreach (var file in Directory.EnumerateFiles(Repository.Library, "*.cs", SearchOption.AllDirectories))
        {
            var text = File.ReadAllText(file);
            foreach (var word in new[] { "\"execve\"", "\"posix_spawn\"", "\"system\"", "\"popen\"", "\"fork\"", "EntryPoint = \"exec" })
            {
                Assert.False(text.Contains(word, StringComparison.Ordinal), $"{file}: {word}");
            }
        }
    }
}
