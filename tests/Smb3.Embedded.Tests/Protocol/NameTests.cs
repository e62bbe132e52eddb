using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.FileProviders;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Providers;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What names mean, in memory as in a folder (MS-FSCC 2.1.5, MS-FSA 2.1.5.1).</summary>
public sealed class NameTests : ProtocolTest, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Theory]
    [InlineData(@"directory\\file", NtStatus.ObjectPathNotFound)]
    [InlineData(@"missing\\file", NtStatus.ObjectPathNotFound)]
    [InlineData(@"directory\\", NtStatus.ObjectNameInvalid)]
    [InlineData(@"directory\\\", NtStatus.ObjectPathNotFound)]
    [InlineData(@"\directory", NtStatus.InvalidParameter)]
    [InlineData(@"\\directory", NtStatus.InvalidParameter)]
    [InlineData(@"\", NtStatus.InvalidParameter)]
    [InlineData(@"directory\", NtStatus.Success)]
    [InlineData(@"file\", NtStatus.ObjectNameInvalid)]
    [InlineData(@"new\", NtStatus.ObjectNameInvalid)]
    [InlineData(@"file\x", NtStatus.ObjectPathNotFound)]
    [InlineData(@"missing\x", NtStatus.ObjectPathNotFound)]
    [InlineData(@"directory\\:stream", NtStatus.ObjectPathNotFound)]
    [InlineData(@"directory\:stream", NtStatus.ObjectNameInvalid)]
    public async Task An_empty_name_is_refused_by_where_it_is(string path, NtStatus status)
    {
        foreach (var onDisk in new[] { false, true })
        {
            var tree = await ConnectAsync(onDisk);
            await tree.OpenAsync("directory", options: CreateOptions.DirectoryFile);
            await tree.OpenAsync("file");
            Assert.Equal((onDisk, status), (onDisk, await tree.TryOpenAsync(path, CreateDisposition.OpenIf, options: CreateOptions.None)));
        }
    }

    [Theory]
    [InlineData("dot.", "dot\uF029")]
    [InlineData("space ", "space\uF028")]
    [InlineData("dots...", "dots..\uF029")]
    [InlineData("dot and space. ", "dot and space.\uF028")]
    public async Task A_last_dot_or_space_is_shown_as_the_character_that_stands_for_it(string plain, string mapped)
    {
        foreach (var onDisk in new[] { false, true })
        {
            var tree = await ConnectAsync(onDisk);
            var directory = await tree.OpenAsync(plain, CreateDisposition.Create, options: CreateOptions.DirectoryFile);
            await (await tree.OpenAsync(plain + "\\" + plain, CreateDisposition.Create)).CloseAsync();
            foreach (var pattern in new[] { "*", plain, mapped, plain[..2] + "*", "*" + plain[^1..], "*" + mapped[^1..] })
            {
                Assert.Equal([mapped], (await ListAsync(directory, pattern)).Where(static name => name is not ("." or "..")));
            }

            Assert.Equal(NtStatus.Success, await tree.TryOpenAsync(mapped + "\\" + plain));
            Assert.Equal(NtStatus.ObjectNameCollision, await tree.TryOpenAsync(plain + "\\" + mapped, CreateDisposition.Create));
            Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync(plain + "\\" + plain[..^1]));
        }
    }

    [Fact]
    public async Task A_provider_of_files_shows_a_last_dot_in_the_same_way()
    {
        Directory.CreateDirectory(Path.Join(_folder.Path, "a."));
        File.WriteAllText(Path.Join(_folder.Path, "a.", "b "), "x");
        using var provider = new PhysicalFileProvider(_folder.Path);
        Start(new TestServerOptions { Store = _ => new FileProviderStore(provider) });
        var tree = await Server.ConnectToAsync();
        const FileAccessMask Read = FileAccessMask.FileGenericRead;
        var directory = await tree.OpenAsync("a.", CreateDisposition.Open, Read, options: CreateOptions.DirectoryFile);
        Assert.Equal(["b\uF028"], (await ListAsync(directory, "b*")).Where(static name => name is not ("." or "..")));
        Assert.Equal("x"u8.ToArray(), await (await tree.OpenAsync("a\uF029\\b ", CreateDisposition.Open, Read)).ReadAsync(0, 1));
    }

    private static async Task<List<string>> ListAsync(SmbTestFile directory, string pattern)
    {
        var answer = await directory.Tree.CallAsync(
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(
                directory.FileId, pattern, FileInformationClass.FileNamesInformation, QueryDirectoryFlags.Reopen));
        var names = new List<string>();
        if (answer.Status == NtStatus.NoSuchFile)
        {
            return names;
        }

        var rest = OutputBufferAnswer.Parse(answer.Expect(NtStatus.Success).Message).Buffer.AsSpan();
        while (true)
        {
            names.Add(Encoding.Unicode.GetString(rest.Slice(12, BinaryPrimitives.ReadInt32LittleEndian(rest[8..]))));
            if (BinaryPrimitives.ReadInt32LittleEndian(rest) is var next and > 0)
            {
                rest = rest[next..];
                continue;
            }

            return names;
        }
    }

    private async Task<SmbTestTree> ConnectAsync(bool onDisk)
    {
        if (onDisk)
        {
            await DisposeAsync();
            IFileStore store = new PhysicalFileStore(_folder.Path);
            Start(new TestServerOptions { Store = _ => store });
        }

        return await Server.ConnectToAsync();
    }
}
