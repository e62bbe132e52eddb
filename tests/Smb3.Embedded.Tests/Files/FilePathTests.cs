using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public class FilePathTests
{
    [Theory]
    [InlineData("", NtStatus.Success, "")]
    [InlineData("a\\b.txt", NtStatus.Success, "a\\b.txt")]
    [InlineData("dir\\", NtStatus.Success, "dir")]
    [InlineData("file::$DATA", NtStatus.Success, "file")]
    [InlineData("dir:$I30:$INDEX_ALLOCATION", NtStatus.Success, "dir")]
    [InlineData("file:stream", NtStatus.Success, "file")]
    [InlineData("\\a", NtStatus.InvalidParameter, null)]
    [InlineData("a\\\\b", NtStatus.ObjectPathNotFound, null)]
    [InlineData("\\", NtStatus.InvalidParameter, null)]
    [InlineData("a\\\\", NtStatus.ObjectNameInvalid, null)]
    [InlineData("a\\b\\\\c", NtStatus.ObjectPathNotFound, null)]
    [InlineData("a\\\\b\\", NtStatus.ObjectPathNotFound, null)]
    [InlineData("a\\b\\\\", NtStatus.ObjectNameInvalid, null)]
    [InlineData("\\\\a", NtStatus.InvalidParameter, null)]
    [InlineData("a.\\b ", NtStatus.Success, "a\uF029\\b\uF028")]
    [InlineData("a..:s", NtStatus.Success, "a.\uF029")]
    [InlineData("\uF029\\b", NtStatus.ObjectNameInvalid, null)]
    [InlineData(".\uF029", NtStatus.ObjectNameInvalid, null)]
    [InlineData("a\\\\..\\b", NtStatus.ObjectPathNotFound, null)]
    [InlineData("a\\\\:s", NtStatus.ObjectPathNotFound, null)]
    [InlineData("a\\:s", NtStatus.ObjectNameInvalid, null)]
    [InlineData("a\\.\\b", NtStatus.Success, "a\\b")]
    [InlineData(".\\a", NtStatus.Success, "a")]
    [InlineData("a\\.", NtStatus.Success, "a")]
    [InlineData("a\\.\\", NtStatus.Success, "a")]
    [InlineData(".", NtStatus.Success, "")]
    [InlineData("a\\.\\..\\.\\b", NtStatus.Success, "b")]
    [InlineData(".\\..\\a", NtStatus.ObjectPathSyntaxBad, null)]
    [InlineData("a\\...\\b", NtStatus.Success, "a\\..\uF029\\b")]
    [InlineData("..", NtStatus.ObjectPathSyntaxBad, null)]
    [InlineData("a\\..\\b", NtStatus.Success, "b")]
    [InlineData("a\\b\\..\\..", NtStatus.Success, "")]
    [InlineData("a\\..\\..\\b", NtStatus.ObjectPathSyntaxBad, null)]
    [InlineData("a*", NtStatus.ObjectNameInvalid, null)]
    [InlineData("a/b", NtStatus.Success, "a\\b")]
    [InlineData("a|b", NtStatus.ObjectNameInvalid, null)]
    [InlineData("a\u0001", NtStatus.ObjectNameInvalid, null)]
    [InlineData("a:b\\c", NtStatus.ObjectNameInvalid, null)]
    [InlineData("file:", NtStatus.ObjectNameInvalid, null)]
    [InlineData("file:s:$NONSENSE", NtStatus.ObjectNameInvalid, null)]
    public void Takes_a_path_apart(string text, NtStatus status, string? path)
    {
        Assert.Equal(status, FilePath.Parse(text, 255, out var parsed));
        if (path is not null)
        {
            Assert.Equal(path, parsed.Path.Text);
        }
    }

    [Fact]
    public void A_name_has_255_characters_at_most()
    {
        Assert.Equal(NtStatus.Success, FilePath.Parse(new string('x', 255), 255, out _));
        Assert.Equal(NtStatus.ObjectNameInvalid, FilePath.Parse("a\\" + new string('x', 256), 255, out _));
    }
}
