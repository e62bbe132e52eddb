using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What a Mac sends and reads.</summary>
internal static class MacFiles
{
    private const AppleServerCapabilities Everything = (AppleServerCapabilities)0x3F;

    /// <summary>A record of AFP_AfpInfo that says nothing.</summary>
    public static byte[] Information(string finderInfo = "")
    {
        var info = new byte[60];
        new byte[] { (byte)'A', (byte)'F', (byte)'P', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x80 }.CopyTo(info, 0);
        System.Text.Encoding.ASCII.GetBytes(finderInfo).CopyTo(info, 16);
        return info;
    }

    /// <summary>Says to the server that this is a Mac, as Finder does when it mounts; null: it is no server for Macs.</summary>
    public static async Task<AppleServerCapabilities?> GreetAsync(SmbTestTree tree, AppleServerCapabilities client = Everything)
    {
        var data = new byte[24];
        data[0] = 1;
        data[8] = (byte)(AppleQueryBits.ServerCapabilities | AppleQueryBits.VolumeCapabilities);
        BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16), (ulong)client);
        var response = await tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(
                string.Empty,
                FileAccessMask.ReadAttributes,
                CreateDisposition.Open,
                contexts: (ref CreateContextWriter writer) => writer.Raw(CreateContextName.Apple, data)));
        var create = CreateAnswer.Parse(response.Expect(NtStatus.Success).Message);
        await new SmbTestFile(tree, create).CloseAsync();
        return create.Find(CreateContextName.Apple) is { } answer
            ? (AppleServerCapabilities)BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(16))
            : null;
    }

    public static async Task<byte[]> QueryAsync(SmbTestFile file, byte[] body)
    {
        var response = await file.Tree.CallAsync(Smb2Command.QueryInfo, body);
        return OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer;
    }

    /// <summary>The names of the streams, as FileStreamInformation has them.</summary>
    public static async Task<string[]> StreamsAsync(SmbTestTree tree, string name)
    {
        var file = await tree.OpenAsync(name, CreateDisposition.Open);
        var buffer = await QueryAsync(file, RequestBody.QueryFile(file.FileId, FileInformationClass.FileStreamInformation));
        await file.CloseAsync();
        var names = new List<string>();
        for (var at = 0; ;)
        {
            var entry = buffer.AsSpan(at);
            names.Add(System.Text.Encoding.Unicode.GetString(entry.Slice(24, BinaryPrimitives.ReadInt32LittleEndian(entry[4..]))));
            if (BinaryPrimitives.ReadInt32LittleEndian(entry) is not (> 0 and var next))
            {
                return [.. names];
            }

            at += next;
        }
    }

    public static async Task PutAsync(SmbTestTree tree, string name, byte[] data)
    {
        var file = await tree.OpenAsync(name);
        await file.WriteAsync(0, data);
        await file.CloseAsync();
    }

    public static async Task<byte[]> GetAsync(SmbTestTree tree, string name, uint length)
    {
        var file = await tree.OpenAsync(name, CreateDisposition.Open, FileAccessMask.FileGenericRead);
        var data = await file.ReadAsync(0, length);
        await file.CloseAsync();
        return data;
    }

    public static async Task<NtStatus> SetAsync(SmbTestFile file, FileInformationClass informationClass, byte[] buffer) =>
        (await file.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, informationClass, buffer))).Status;

    /// <summary>FSCTL_SRV_COPYCHUNK without a chunk.</summary>
    public static async Task<SmbTestResponse> CopyWholeAsync(SmbTestFile source, SmbTestFile target)
    {
        var key = await source.Tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SrvRequestResumeKey, source.FileId, [], 32));
        return await target.Tree.CallAsync(
            Smb2Command.Ioctl,
            RequestBody.Ioctl(
                FsControlCode.SrvCopyChunk,
                target.FileId,
                FsctlInput.CopyChunks(IoctlAnswer.Parse(key.Expect(NtStatus.Success).Message).Output.AsSpan(0, 24)),
                12));
    }

    /// <summary>The entry of one file, in FileIdBothDirectoryInformation.</summary>
    public static async Task<byte[]> EntryAsync(SmbTestTree tree, string name)
    {
        var root = await tree.OpenAsync(
            string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);
        var response = await tree.CallAsync(
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(root.FileId, name, FileInformationClass.FileIdBothDirectoryInformation));
        var entry = OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer;
        await root.CloseAsync();
        return entry;
    }

    /// <summary>Expects a status of a read.</summary>
    public static async Task ExpectReadAsync(SmbTestFile file, ulong offset, NtStatus status) =>
        Assert.Equal(status, await file.TryReadAsync(offset, 1));
}
