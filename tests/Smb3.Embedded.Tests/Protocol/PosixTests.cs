using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>The SMB 3.1.1 POSIX extensions over the wire.</summary>
public sealed class PosixTests : ProtocolTest
{
    private const int ModeOffset = 76;
    private static readonly SmbTestClientOptions Offering = new() { Posix = true };

    [Fact]
    public async Task They_are_spoken_where_client_and_share_do()
    {
        Start(new ServerSettings { PosixExtensions = true });
        var create = await CreateAsync(await Server.ConnectToAsync("posix", Offering), "file", 0b110_100_000);
        var state = create.Find(CreateContextName.Posix)!;
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(state));
        Assert.Equal(0b110_100_000u, BinaryPrimitives.ReadUInt32LittleEndian(state.AsSpan(8)));
        Assert.True(Sid.TryRead(state.AsSpan(12), out var owner));
        Assert.True(Sid.TryRead(state.AsSpan(12 + owner.BinaryLength), out _));

        Assert.Null((await CreateAsync(await Server.ConnectToAsync("data", Offering), "file", 0)).Find(CreateContextName.Posix));
        Assert.Null((await CreateAsync(await Server.ConnectToAsync("posix"), "file", 0)).Find(CreateContextName.Posix));
    }

    [Fact]
    public async Task A_server_without_such_a_share_does_not_negotiate_them()
    {
        var connection = Server.Connect(Offering);
        var session = await connection.LogOnAsync(TestServer.Alice, TestServer.Password);
        var create = await CreateAsync(await session.ConnectAsync("posix"), "file", 0);
        Assert.Null(create.Find(CreateContextName.Posix));
    }

    [Fact]
    public async Task Level_100_tells_of_a_file_a_listing_and_the_volume()
    {
        Start(new ServerSettings { PosixExtensions = true });
        var tree = await Server.ConnectToAsync("posix", Offering);
        var create = await CreateAsync(tree, "a:b", 0b111_000_000);
        var file = await QueryAsync(tree, create.FileId, Smb2InfoType.File, 4096);
        Assert.Equal(0b111_000_000u, BinaryPrimitives.ReadUInt32LittleEndian(file.Expect(NtStatus.Success, ModeOffset)));
        Assert.Equal(NtStatus.InfoLengthMismatch, (await QueryAsync(tree, create.FileId, Smb2InfoType.File, 60)).Status);

        var volume = (await QueryAsync(tree, create.FileId, Smb2InfoType.FileSystem, 4096)).Expect(NtStatus.Success, 0);
        Assert.Equal(56, volume.Length);

        var root = await tree.OpenAsync(
            string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);
        var listing = await tree.CallAsync(
            Smb2Command.QueryDirectory, RequestBody.QueryDirectory(root.FileId, "*", FileInformationClass.FilePosixInformation));
        var names = Names(OutputBufferAnswer.Parse(listing.Expect(NtStatus.Success).Message).Buffer);
        Assert.Equal([".", "..", "a:b"], names);

        var plain = await Server.ConnectToAsync("data", Offering);
        var other = await plain.OpenAsync(string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead);
        Assert.Equal(NtStatus.InvalidInfoClass, (await QueryAsync(plain, other.FileId, Smb2InfoType.File, 4096)).Status);
        Assert.Equal(NtStatus.InvalidInfoClass, (await QueryAsync(plain, other.FileId, Smb2InfoType.FileSystem, 4096)).Status);
    }

    private static List<string> Names(byte[] listing)
    {
        var names = new List<string>();
        for (var at = 0; ;)
        {
            var entry = listing.AsSpan(at);
            var sids = 8 + 80;
            Assert.True(Sid.TryRead(entry[sids..], out var owner));
            Assert.True(Sid.TryRead(entry[(sids + owner.BinaryLength)..], out var group));
            var nameAt = sids + owner.BinaryLength + group.BinaryLength;
            var length = BinaryPrimitives.ReadInt32LittleEndian(entry[nameAt..]);
            names.Add(System.Text.Encoding.Unicode.GetString(entry.Slice(nameAt + 4, length)));
            var next = BinaryPrimitives.ReadInt32LittleEndian(entry);
            if (next == 0)
            {
                return names;
            }

            at += next;
        }
    }

    private static async Task<InfoResponse> QueryAsync(SmbTestTree tree, Smb2FileId fileId, Smb2InfoType type, uint length)
    {
        var response = await tree.CallAsync(Smb2Command.QueryInfo, RequestBody.QueryInfo(fileId, type, 100, length));
        return new InfoResponse(
            response.Status, response.Status == NtStatus.Success ? OutputBufferAnswer.Parse(response.Message).Buffer : []);
    }

    private static async Task<CreateAnswer> CreateAsync(SmbTestTree tree, string name, uint mode)
    {
        var response = await tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(
                name,
                contexts: (ref CreateContextWriter writer) => writer.Raw(CreateContextName.Posix, BitConverter.GetBytes(mode))));
        return CreateAnswer.Parse(response.Expect(NtStatus.Success).Message);
    }

    private sealed record InfoResponse(NtStatus Status, byte[] Buffer)
    {
        public byte[] Expect(NtStatus status, int from)
        {
            Assert.Equal(status, Status);
            return Buffer[from..];
        }
    }
}
