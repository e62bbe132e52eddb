using Smb3.Embedded.Dfs;
using Xunit;

namespace Smb3.Embedded.Tests.Dfs;

/// <summary>Paths in referral requests.</summary>
public sealed class DfsPathTests
{
    [Theory]
    [InlineData(@"\server\corp", @"\server\corp", "corp", "")]
    [InlineData(@"\\server\corp", @"\server\corp", "corp", "")]
    [InlineData(@"\server\corp\", @"\server\corp", "corp", "")]
    [InlineData(@"\s\c\docs", @"\s\c", "c", "docs")]
    [InlineData(@"\10.0.0.1\c\a\b c\d.txt", @"\10.0.0.1\c", "c", @"a\b c\d.txt")]
    public void A_path_is_taken_apart(string text, string root, string share, string rest)
    {
        Assert.True(DfsPath.TryParse(text, out var path));
        Assert.Equal((root, share, rest), (path.Root, path.Share, path.Rest.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(@"\")]
    [InlineData(@"\\")]
    [InlineData(@"\\\")]
    [InlineData(@"\server")]
    [InlineData(@"\server\")]
    [InlineData(@"\\server")]
    [InlineData(@"\server\\")]
    [InlineData(@"\server\\corp")]
    [InlineData(@"\server\corp\\docs")]
    [InlineData(@"\server\corp\\")]
    [InlineData(@"\\\server\corp")]
    [InlineData(@"server\corp")]
    [InlineData("\\server\\corp\0\\docs")]
    public void What_is_no_path_is_refused(string text) => Assert.False(DfsPath.TryParse(text, out _));

    [Fact]
    public void A_path_that_the_answer_could_not_count_is_refused()
    {
        Assert.True(DfsPath.TryParse(@"\s\" + new string('x', 32764), out _));
        Assert.False(DfsPath.TryParse(@"\s\" + new string('x', 32765), out _));
    }

    [Theory]
    [InlineData(@"\s\c\docs\f", 4, @"\s\c\docs", 18)]
    [InlineData(@"\\s\c\docs\f", 4, @"\s\c\docs", 20)] // as the client wrote it
    [InlineData(@"\s\c\docs\f", 0, @"\s\c", 8)]
    [InlineData(@"\s\c\", 0, @"\s\c", 8)]
    public void What_is_consumed_is_counted_in_bytes_of_the_request(string text, int length, string prefix, int bytes)
    {
        Assert.True(DfsPath.TryParse(text, out var path));
        Assert.Equal((prefix, bytes), (path.Prefix(length), path.BytesOf(length)));
    }
}
