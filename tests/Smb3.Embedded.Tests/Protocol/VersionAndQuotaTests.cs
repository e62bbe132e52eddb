using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Previous versions and quotas over the wire.</summary>
public sealed class VersionAndQuotaTests : ProtocolTest
{
    private const string QuotaFile = @"$Extend\$Quota:$Q:$INDEX_ALLOCATION";

    private MemoryFileStore Store => Server.Memory;

    [Fact]
    public async Task A_timewarp_token_opens_the_file_as_it_was()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, [1]);
        var time = Store.TakeSnapshot();
        await file.WriteAsync(0, [2]);
        await file.CloseAsync();

        var old = await OpenAtAsync(tree, "file", time);
        Assert.Equal([1], await new SmbTestFile(tree, CreateAnswer.Parse(old.Expect(NtStatus.Success).Message)).ReadAsync(0, 1));
        (await OpenAtAsync(tree, "file", time.AddSeconds(1))).Expect(NtStatus.ObjectNameNotFound);
        (await OpenAtAsync(tree, "file", time, FileAccessMask.WriteData)).Expect(NtStatus.MediaWriteProtected);
        (await tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(
                "file", contexts: (ref CreateContextWriter writer) => writer.Raw(CreateContextName.TimewarpToken, [1, 2, 3]))))
            .Expect(NtStatus.InvalidParameter);
    }

    [Fact]
    public async Task Snapshots_are_listed_as_far_as_the_client_has_room()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        Assert.Equal((0u, 0u, 0u), Counts(await ListAsync(file, 16)));
        var time = Store.TakeSnapshot();
        Store.TakeSnapshot();

        var needed = (uint)((2 * 50) + 2);
        Assert.Equal((2u, 0u, needed), Counts(await ListAsync(file, 16)));
        Assert.Equal((2u, 0u, needed), Counts(await ListAsync(file, 12 + needed - 1)));
        var all = await ListAsync(file, 12 + needed);
        Assert.Equal((2u, 2u, needed), Counts(all));
        var names = System.Text.Encoding.Unicode.GetString(all.AsSpan(12)).Split('\0');
        Assert.Equal(FormattableString.Invariant($"@GMT-{time.UtcDateTime:yyyy.MM.dd-HH.mm.ss}"), names[1]);
        Assert.Equal(
            NtStatus.InvalidParameter,
            (await tree.CallAsync(
                Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SrvEnumerateSnapshots, file.FileId, [], maxOutput: 15))).Status);
    }

    [Fact]
    public async Task The_quota_file_lists_who_uses_what()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, new byte[5000]);
        await file.CloseAsync();

        var quotas = await tree.OpenAsync(QuotaFile, CreateDisposition.Open, FileAccessMask.ReadData | FileAccessMask.WriteData);
        var query = new byte[16];
        query[1] = 1; // restart
        var answer = (await QueryAsync(quotas, query)).Expect(NtStatus.Success);
        Assert.True(QuotaInformation.TryReadList(OutputBufferAnswer.Parse(answer.Message).Buffer, out var list));
        Assert.Equal(8192, Assert.Single(list).Used);
        Assert.Equal(QuotaInformation.NoLimit, list[0].Limit);
        query[1] = 0;
        (await QueryAsync(quotas, query)).Expect(NtStatus.NoMoreEntries);
        (await QueryAsync(quotas, [1])).Expect(NtStatus.InvalidParameter);
        query[1] = 1;
        (await QueryAsync(quotas, query, output: 30)).Expect(NtStatus.BufferTooSmall);
        await quotas.CloseAsync();
    }

    [Fact]
    public async Task Who_is_no_administrator_sets_no_quotas()
    {
        var tree = await Server.ConnectToAsync();
        var quotas = await tree.OpenAsync(QuotaFile, CreateDisposition.Open, FileAccessMask.ReadData | FileAccessMask.WriteData);
        var entry = new QuotaInformation { Sid = WellKnownSids.Users, Threshold = 1, Limit = 2 };
        var buffer = new byte[40 + entry.Sid.BinaryLength];
        var cursor = new EntryListCursor(QuotaInformation.Alignment);
        Assert.True(entry.TryWrite(ref cursor, buffer));
        (await SetAsync(quotas, buffer)).Expect(NtStatus.AccessDenied);
        (await SetAsync(quotas, buffer[..^1])).Expect(NtStatus.InvalidParameter);
        Assert.Equal(NtStatus.AccessDenied, await (await Server.ConnectToAsync("readonly")).TryOpenAsync(QuotaFile));
    }

    private static (uint Count, uint Returned, uint Size) Counts(byte[] output) =>
        (BitConverter.ToUInt32(output, 0), BitConverter.ToUInt32(output, 4), BitConverter.ToUInt32(output, 8));

    private static async Task<byte[]> ListAsync(SmbTestFile file, uint room) => IoctlAnswer.Parse(
        (await file.Tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SrvEnumerateSnapshots, file.FileId, [], room)))
        .Expect(NtStatus.Success).Message).Output;

    private static Task<SmbTestResponse> QueryAsync(SmbTestFile file, byte[] input, uint output = 4096) => file.Tree.CallAsync(
        Smb2Command.QueryInfo, RequestBody.QueryInfo(file.FileId, Smb2InfoType.Quota, 0, output, input: input));

    private static Task<SmbTestResponse> SetAsync(SmbTestFile file, byte[] buffer) => file.Tree.CallAsync(
        Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, Smb2InfoType.Quota, 0, buffer));

    private static Task<SmbTestResponse> OpenAtAsync(
        SmbTestTree tree, string name, DateTimeOffset time, FileAccessMask access = FileAccessMask.ReadData) => tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(
                name,
                access,
                CreateDisposition.Open,
                contexts: (ref CreateContextWriter writer) =>
                    writer.Raw(CreateContextName.TimewarpToken, BitConverter.GetBytes(FileTime.From(time).Ticks))));
}
