using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>How much memory large outputs take, whoever asks for how many of them and however: by counting rented buffers.</summary>
public sealed class CompoundMemoryTests : ProtocolTest
{
    private const int Large = 8 << 20;

    /// <summary>The limit, one output beyond it, and a buffer that is just being replaced by a larger one.</summary>
    private static long Bound => new ServerLimits().MaxBytesInFlight + (2 * (Large + 65_536));

    [Theory]
    [InlineData("data", 60)]
    [InlineData("data", 40)]
    [InlineData("sealed", 40)]
    public async Task Many_large_reads_in_one_frame_are_answered_within_the_limit(string share, int reads)
    {
        var file = await LargeFileAsync(share);
        var connection = file.Tree.Session.Connection;
        await connection.EnsureCreditsAsync(reads * Large / 65_536);
        var calls = await connection.SendAsync([.. Enumerable.Range(0, reads).Select(_ => file.ReadRequest(0, Large))]);
        foreach (var call in calls)
        {
            AssertData(await call.ResponseAsync());
        }

        Assert.InRange(Server.Bytes.MostRented, Large, Bound);
        await file.CloseAsync();
    }

    [Fact]
    public async Task A_peer_that_does_not_read_makes_the_server_hold_no_more()
    {
        var file = await LargeFileAsync();
        var connection = file.Tree.Session.Connection;
        await connection.EnsureCreditsAsync(60 * Large / 65_536);
        connection.Inbound.Close();
        var calls = new List<SmbTestCall>();
        calls.AddRange(await connection.SendAsync([.. Enumerable.Range(0, 20).Select(_ => file.ReadRequest(0, Large))]));
        calls.AddRange(await connection.SendAsync([.. Enumerable.Range(0, 20).Select(_ => file.ReadRequest(0, Large))]));
        for (var i = 0; i < 20; i++)
        {
            calls.Add(await connection.SendAsync(file.ReadRequest(0, Large)));
        }

        var before = -1L;
        await TestServer.UntilAsync(() => before == (before = Server.Bytes.MostRented) && before > Large, "the server holds what it will");
        await Task.Delay(200);
        Assert.InRange(Server.Bytes.MostRented, Large, Bound);
        connection.Inbound.Open();
        foreach (var call in calls)
        {
            AssertData(await call.ResponseAsync());
        }

        Assert.InRange(Server.Bytes.MostRented, Large, Bound);
        await file.CloseAsync();
    }

    [Fact]
    public async Task A_peer_that_leaves_without_reading_leaves_nothing()
    {
        var file = await LargeFileAsync();
        var connection = file.Tree.Session.Connection;
        await connection.EnsureCreditsAsync(40 * Large / 65_536);
        connection.Inbound.Close();
        await connection.SendAsync([.. Enumerable.Range(0, 40).Select(_ => file.ReadRequest(0, Large))]);
        await TestServer.UntilAsync(() => Server.Bytes.Rented > 2 * Large, "the server works");
        await connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Bytes.Rented == 0, "every buffer is back");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_large_listings_and_queries_in_one_frame_are_answered_within_the_limit(bool reads)
    {
        var tree = await Server.ConnectToAsync();
        var directory = await tree.OpenAsync(string.Empty, options: CreateOptions.DirectoryFile, access: FileAccessMask.FileGenericRead);
        var connection = tree.Session.Connection;
        await connection.EnsureCreditsAsync(60 * Large / 65_536);
        if (!reads)
        {
            connection.Inbound.Close();
        }

        var calls = await connection.SendAsync([.. Enumerable.Range(0, 60).Select(i => tree.Request(
            i % 2 == 0 ? Smb2Command.QueryDirectory : Smb2Command.QueryInfo,
            i % 2 == 0
                ? RequestBody.QueryDirectory(directory.FileId, flags: QueryDirectoryFlags.RestartScans, outputLength: Large)
                : RequestBody.QueryFile(directory.FileId, FileInformationClass.FileAllInformation, Large),
            Large))]);
        connection.Inbound.Open();
        foreach (var call in calls)
        {
            Assert.Equal(NtStatus.Success, (await call.ResponseAsync()).Status);
        }

        Assert.InRange(Server.Bytes.MostRented, Large, Bound);
        await directory.CloseAsync();
    }

    [Theory]
    [InlineData("data")]
    [InlineData("sealed")]
    public async Task A_related_compound_goes_on_when_its_responses_are_split(string share)
    {
        var file = await LargeFileAsync(share);
        var tree = file.Tree;
        var connection = tree.Session.Connection;
        await connection.EnsureCreditsAsync(3 * (Large / 65_536) + 2);
        var read = tree.Request(Smb2Command.Read, RequestBody.Read(SmbTestFile.Previous, 0, Large), Large).Related();
        var calls = await connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("large")),
            read, read, read,
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);
        await calls[0].ExpectAsync(NtStatus.Success);
        foreach (var call in calls[1..^1])
        {
            AssertData(await call.ResponseAsync());
        }

        Assert.Equal(share == "sealed", (await calls[^1].ExpectAsync(NtStatus.Success)).WasEncrypted);
        await file.CloseAsync();
    }

    [Fact]
    public async Task Small_outputs_add_up_too()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxBytesInFlight = 1 << 20 } });
        var file = await LargeFileAsync();
        var connection = file.Tree.Session.Connection;
        await connection.EnsureCreditsAsync(1000);
        connection.Inbound.Close();
        var calls = await connection.SendAsync([.. Enumerable.Range(0, 900).Select(_ => file.ReadRequest(0, 65_536))]);
        await TestServer.UntilAsync(() => Server.Bytes.MostRented > 0, "the server works");
        await Task.Delay(200);
        Assert.InRange(Server.Bytes.MostRented, 1, 4 << 20);
        connection.Inbound.Open();
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }

        await file.CloseAsync();
    }

    private static void AssertData(SmbTestResponse response)
    {
        var data = ReadAnswer.Parse(response.Expect(NtStatus.Success).Message).Data;
        Assert.Equal(Large, data.Length);
        Assert.Equal(7, data[0]);
        Assert.Equal(9, data[^1]);
    }

    private async Task<SmbTestFile> LargeFileAsync(string share = "data")
    {
        var tree = await Server.ConnectToAsync(share);
        var file = await tree.OpenAsync("large");
        await file.WriteAsync(0, [7]);
        await file.WriteAsync(Large - 1, [9]);
        return file;
    }
}
