using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What the volume tells of itself, and its directories in every class of information.</summary>
public sealed class VolumeTests : ProtocolTest
{
    [Fact]
    public async Task It_tells_of_case_what_NTFS_tells()
    {
        var tree = await Server.ConnectToAsync("data");
        var root = await OpenRootAsync(tree);
        var answer = await tree.CallAsync(
            Smb2Command.QueryInfo, RequestBody.QueryFileSystem(root.FileId, FsInformationClass.FileFsAttributeInformation));
        var buffer = OutputBufferAnswer.Parse(answer.Expect(NtStatus.Success).Message).Buffer;
        var attributes = (FileSystemAttributes)BinaryPrimitives.ReadUInt32LittleEndian(buffer);
        Assert.Equal(
            FileSystemAttributes.CaseSensitiveSearch | FileSystemAttributes.CasePreservedNames,
            attributes & (FileSystemAttributes.CaseSensitiveSearch | FileSystemAttributes.CasePreservedNames));
    }

    [Theory]
    [InlineData(FileInformationClass.FileDirectoryInformation)]
    [InlineData(FileInformationClass.FileFullDirectoryInformation)]
    [InlineData(FileInformationClass.FileIdFullDirectoryInformation)]
    [InlineData(FileInformationClass.FileBothDirectoryInformation)]
    [InlineData(FileInformationClass.FileIdBothDirectoryInformation)]
    [InlineData(FileInformationClass.FileNamesInformation)]
    [InlineData(FileInformationClass.FileIdExtdDirectoryInformation)]
    [InlineData(FileInformationClass.FileIdExtdBothDirectoryInformation)]
    [InlineData(FileInformationClass.FileId64ExtdDirectoryInformation)]
    [InlineData(FileInformationClass.FileIdAllExtdBothDirectoryInformation)]
    internal async Task Every_class_of_listing_has_places_to_go_on_from(FileInformationClass informationClass)
    {
        var tree = await Server.ConnectToAsync("data");
        foreach (var name in new[] { "a", "b", "c" })
        {
            await tree.OpenAsync(name);
        }

        var root = await OpenRootAsync(tree);
        var indices = Indices(await ListAsync(tree, root, informationClass, QueryDirectoryFlags.None, 0));
        Assert.Equal(5, indices.Count);
        Assert.DoesNotContain(0u, indices);
        for (var i = 0; i < 4; i++)
        {
            var rest = Indices(await ListAsync(tree, root, informationClass, QueryDirectoryFlags.IndexSpecified, indices[i]));
            Assert.Equal(indices[(i + 1)..], rest);
        }
    }

    private static async Task<SmbTestFile> OpenRootAsync(SmbTestTree tree) => await tree.OpenAsync(
        string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);

    private static async Task<byte[]> ListAsync(
        SmbTestTree tree, SmbTestFile root, FileInformationClass informationClass, QueryDirectoryFlags flags, uint index)
    {
        var answer = await tree.CallAsync(
            Smb2Command.QueryDirectory, RequestBody.QueryDirectory(root.FileId, "*", informationClass, flags, fileIndex: index));
        return OutputBufferAnswer.Parse(answer.Expect(NtStatus.Success).Message).Buffer;
    }

    private static List<uint> Indices(byte[] listing)
    {
        var indices = new List<uint>();
        for (var at = 0; ;)
        {
            indices.Add(BinaryPrimitives.ReadUInt32LittleEndian(listing.AsSpan(at + 4)));
            var next = BinaryPrimitives.ReadInt32LittleEndian(listing.AsSpan(at));
            if (next == 0)
            {
                return indices;
            }

            at += next;
        }
    }
}
