using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Info;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What macOS negotiates and reads.</summary>
public sealed class AppleTests : ProtocolTest
{
    private const int EntryNameOffset = 104;

    [Fact]
    public async Task A_Mac_is_told_what_the_server_and_the_volume_can_do()
    {
        var tree = await Server.ConnectToAsync();
        var answer = await AskAsync(tree, AppleQueryBits.ServerCapabilities | AppleQueryBits.VolumeCapabilities
            | AppleQueryBits.ModelInformation);
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(answer));
        Assert.Equal(7ul, BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(8)));
        Assert.Equal(
            AppleServerCapabilities.ReadDirectoryAttributes | AppleServerCapabilities.OsxCopyFile | AppleServerCapabilities.UnixBased
                | AppleServerCapabilities.NfsAces,
            (AppleServerCapabilities)BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(16)));
        Assert.Equal(0ul, BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(24)));
        var length = BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(36));
        Assert.Equal("Xserve", System.Text.Encoding.Unicode.GetString(answer, 40, length));
        Assert.Equal(40 + length, answer.Length);
    }

    [Fact]
    public async Task Only_what_is_asked_for_is_answered()
    {
        var answer = await AskAsync(await Server.ConnectToAsync(), AppleQueryBits.VolumeCapabilities);
        Assert.Equal(24, answer.Length);
        Assert.Equal((ulong)AppleQueryBits.VolumeCapabilities, BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(8)));
    }

    [Fact]
    public async Task Directory_entries_tell_a_Mac_of_access_resource_fork_and_Finder_info()
    {
        var tree = await Server.ConnectToAsync();
        var fork = await tree.OpenAsync("file:AFP_Resource");
        await fork.WriteAsync(0, new byte[1234]);
        await fork.CloseAsync();
        var info = MacFiles.Information();
        "TYPECREA"u8.CopyTo(info.AsSpan(16));
        info[24] = 0x40;
        new byte[] { 9, 9, 9, 9, 1, 2, 3, 4, 5, 6 }.CopyTo(info, 32); // document id, date added, extended flags
        var stream = await tree.OpenAsync("file:AFP_AfpInfo");
        await stream.WriteAsync(0, info);
        await stream.CloseAsync();

        Assert.NotEqual(1234, ForkLength(await ListAsync(tree)));
        await AskAsync(tree, AppleQueryBits.ServerCapabilities);
        var entry = await ListAsync(tree);
        Assert.Equal((uint)FileAccessMask.FileAllAccess, BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(64)));
        Assert.Equal(1234, ForkLength(entry));
        Assert.Equal("TYPECREA"u8.ToArray(), entry[78..86]);
        Assert.Equal([0x40, 0, 5, 6, 1, 2, 3, 4], entry[86..94]);
    }

    private static long ForkLength(byte[] entry) => BinaryPrimitives.ReadInt64LittleEndian(entry.AsSpan(70));

    private static async Task<byte[]> ListAsync(SmbTestTree tree)
    {
        var root = await tree.OpenAsync(
            string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);
        var response = await tree.CallAsync(
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(root.FileId, "file", FileInformationClass.FileIdBothDirectoryInformation));
        var entry = OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer;
        Assert.Equal("file", System.Text.Encoding.Unicode.GetString(entry, EntryNameOffset, 8));
        await root.CloseAsync();
        return entry;
    }

    private static async Task<byte[]> AskAsync(SmbTestTree tree, AppleQueryBits bits)
    {
        var data = new byte[24];
        data[0] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(8), (ulong)bits);
        BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16), (ulong)AppleServerCapabilities.ReadDirectoryAttributes);
        var response = await tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(
                string.Empty,
                FileAccessMask.ReadAttributes,
                CreateDisposition.Open,
                contexts: (ref CreateContextWriter writer) => writer.Raw(CreateContextName.Apple, data)));
        var create = CreateAnswer.Parse(response.Expect(NtStatus.Success).Message);
        await new SmbTestFile(tree, create).CloseAsync();
        return create.Find(CreateContextName.Apple)!;
    }
}
