using System.IO.Enumeration;
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
        Assert.Equal(matches, new Wildcard(expression, ignoreCase: true).Matches(name));

    [Theory]
    [InlineData("ab.*?<>\"", 12, 10)]
    [InlineData("aB.<>\"", 6, 6)]
    [InlineData("a.>\"", 5, 4)]
    [InlineData("é.É*<?", 9, 9)]
    public void Matches_as_the_base_library_does(string alphabet, int longestExpression, int longestName)
    {
        var random = new Random(4711);
        var letters = alphabet.Where(static letter => !"*?<>\"".Contains(letter)).ToArray();
        for (var i = 0; i < 100_000; i++)
        {
            // The base library says no to whatever is empty; a name never is, and an empty expression means all.
            var expression = random.GetItems<char>(alphabet, random.Next(1, longestExpression + 1));
            var name = random.GetItems(letters, random.Next(1, longestName + 1));
            var ignoreCase = (i & 1) == 0;
            Assert.True(
                FileSystemName.MatchesWin32Expression(expression, name, ignoreCase)
                    == new Wildcard(expression, ignoreCase).Matches(name),
                $"{new string(expression)} on {new string(name)}");
        }
    }

    [Fact]
    public void Matches_as_the_base_library_does_over_the_whole_length()
    {
        var random = new Random(815);
        for (var i = 0; i < 3_000; i++)
        {
            // Made from each other, or nearly none would match.
            var name = random.GetItems<char>("ab.", random.Next(200, Wildcard.MaxLength + 1));
            var expression = (char[])name.Clone();
            for (var change = random.Next(60); change > 0; change--)
            {
                expression[random.Next(expression.Length)] = "*?<>\"ab."[random.Next(8)];
            }

            Assert.True(
                FileSystemName.MatchesWin32Expression(expression, name) == new Wildcard(expression, ignoreCase: true).Matches(name),
                $"{new string(expression)} on {new string(name)}");
        }
    }

    [Fact]
    public void An_expression_is_no_longer_than_a_name()
    {
        Assert.True(new Wildcard(new string('*', Wildcard.MaxLength), ignoreCase: true).Matches(new string('a', 255)));
        Assert.True(new Wildcard(new string('?', Wildcard.MaxLength), ignoreCase: true).Matches(new string('a', 255)));
        Assert.False(new Wildcard(new string('?', Wildcard.MaxLength), ignoreCase: true).Matches(new string('a', 254)));
        Assert.True(FileNames.IsExpression(new string('*', Wildcard.MaxLength)));
        Assert.False(FileNames.IsExpression(new string('*', Wildcard.MaxLength + 1)));
        Assert.False(FileNames.IsExpression("a\u0001*"));
    }
}
