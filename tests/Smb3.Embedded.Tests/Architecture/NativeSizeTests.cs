using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>
/// A program compiled ahead of time carries all that can be reached, called or not. What once was large and of little use stays away; `tests/native`
/// measures the programs themselves.
/// </summary>
public sealed class NativeSizeTests
{
    [Theory]
    [InlineData("System.Text.CodePagesEncodingProvider", "all code pages of the world, 0.8 MB")]
    [InlineData("System.Text.Json.JsonSerializer", "a serializer, 0.4 MB: JsonDocument and Utf8JsonWriter do")]
    [InlineData("System.Collections.Frozen.FrozenDictionary", "a dozen kinds of dictionaries for each kind of key, 0.2 MB")]
    [InlineData("System.Collections.Frozen.FrozenSet", "as many kinds of sets")]
    public void The_library_does_not_use(string type, string what) => Assert.False(Members().Any(member => member.Type == type), $"{type}: {what}");

    [Fact]
    public void The_library_begins_an_empty_host() => Assert.DoesNotContain(("Microsoft.Extensions.Hosting.HostApplicationBuilder", ".ctor"), Members());

    [Fact]
    public void Members_are_found() => Assert.Contains(("Microsoft.Extensions.Hosting.Host", "CreateEmptyApplicationBuilder"), Members());

    private static List<(string Type, string Member)> Members()
    {
        using var file = new PEReader(File.OpenRead(typeof(SmbServer).Assembly.Location));
        var reader = file.GetMetadataReader();
        return
        [
            .. reader.MemberReferences.Select(reader.GetMemberReference).Where(static member => member.Parent.Kind == HandleKind.TypeReference)
                .Select(member => (NameOf(reader, (TypeReferenceHandle)member.Parent), reader.GetString(member.Name))),
        ];
    }

    private static string NameOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        return $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
    }
}
