using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
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

    private static async Task<SmbTestFile> OpenRootAsync(SmbTestTree tree) => await tree.OpenAsync(
        string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);
}
