using Smb3.Embedded.Files.Naming;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public class WildcardTests
{
    [Theory]
    [InlineData("*", "anything.at.all", true)]
    [InlineData("*.*", "no-dot", false)]
    [InlineData("*.*", "a.b", true)]
    [InlineData("*.txt", "A.TXT", true)]
    [InlineData("a*b*c", "aXXbYYc", true)]
    [InlineData("a*b*c", "aXXbYY", false)]
    [InlineData("?", "a", true)]
    [InlineData("?", "", false)]
    [InlineData("a?", "a", false)]
    [InlineData("abc", "ABC", true)]
    [InlineData("abc", "abcd", false)]
    [InlineData("a>>>", "a", true)]
    [InlineData("a>>>", "abcd", true)]
    [InlineData("a>>>", "abcde", false)]
    [InlineData("a>>>.txt", "a.txt", true)]
    [InlineData("a>>>.txt", "ab.txt", true)]
    [InlineData("f>.txt", "foo.txt", false)]
    [InlineData("<.txt", "a.b.txt", true)]
    [InlineData("<.txt", "a.txt.b", false)]
    [InlineData("a<", "abc", true)]
    [InlineData("<", "a.b.c", false)]
    [InlineData("<.c", "a.b.c", true)]
    [InlineData("<.", "a.b", false)]
    [InlineData("foo\"", "foo", true)]
    [InlineData("foo\"", "foo.", true)]
    [InlineData("foo\"", "foox", false)]
    [InlineData("<\"*", "foo", true)]
    [InlineData("<\"*", "foo.bar", true)]
    [InlineData("*\"*\"", "foo", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("é*", "Éa", true)]
    public void Matches_as_NT_does(string expression, string name, bool matches) =>
        Assert.Equal(matches, Wildcard.Matches(expression, name, ignoreCase: true));

    [Fact]
    public void A_hostile_expression_costs_no_more_than_its_length()
    {
        var expression = string.Concat(Enumerable.Repeat("*a", 100)) + "b";
        Assert.False(Wildcard.Matches(expression, new string('a', 255), ignoreCase: true));
    }

    [Fact]
    public void A_long_expression_needs_no_stack() =>
        Assert.True(Wildcard.Matches(new string('*', 20_000), "name", ignoreCase: true));
}
