using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// The steady path allocates nothing. Client and server run on the test's own thread (the transport's pipes continue inline), so that the
/// thread's allocation counter sees all of it and nothing of other tests. They share its pools, though, so none runs beside.
/// </summary>
[Collection(MeasuresTheProcess.Name)]
[Trait("Transport", "own")]
public sealed class AllocationTests : ProtocolTest
{
    private const int Requests = 500;

#if DEBUG
    // Without optimization every asynchronous method allocates its state.
    private const string? Skip = "Measured in Release builds.";
#else
    private const string? Skip = null;
#endif

    [Theory(Skip = Skip)]
    [InlineData(false)]
    [InlineData(true)]
    public Task Echo_allocates_nothing(bool signed) =>
        MeasureAsync(signed, (tree, _) => tree.Request(Smb2Command.Echo, RequestBody.Empty()));

    [Theory(Skip = Skip)]
    [InlineData(false)]
    [InlineData(true)]
    public Task Read_allocates_nothing(bool signed) => MeasureAsync(signed, (_, file) => file.ReadRequest(0, 4096));

    [Theory(Skip = Skip)]
    [InlineData(false)]
    [InlineData(true)]
    public Task Write_allocates_nothing(bool signed) => MeasureAsync(signed, (_, file) => file.WriteRequest(0, new byte[4096]));

    [Theory(Skip = Skip)]
    [InlineData(MessageProtection.None)]
    [InlineData(MessageProtection.Signed)]
    [InlineData(MessageProtection.Sealed)]
    internal Task Read_over_smb_direct_allocates_nothing(MessageProtection protection) =>
        MeasureRdmaAsync(protection, static (file, info) => ThroughMemory.Read(file, 0, 100_000, info, Smb2Channel.RdmaV1));

    [Fact(Skip = Skip)]
    public Task Write_over_smb_direct_allocates_nothing() =>
        MeasureRdmaAsync(MessageProtection.None, static (file, info) => ThroughMemory.Write(file, 0, 100_000, info, Smb2Channel.RdmaV1));

    [Fact(Skip = Skip)]
    public Task Data_in_messages_over_smb_direct_allocates_nothing() =>
        MeasureRdmaAsync(MessageProtection.None, static (file, _) => file.ReadRequest(0, 100_000));

    [Fact(Skip = Skip)]
    public async Task Create_asks_who_the_user_is_at_the_logon_only()
    {
        var alone = await CreateAllocatesAsync([]);
        var grouped = await CreateAllocatesAsync([.. Enumerable.Range(0, 10).Select(static i => $"group{i}")]);
        Assert.True(grouped - alone < 64, $"{grouped} bytes with ten groups, {alone} without.");
    }

    /// <summary>Bytes for one CREATE of a file that is not there, by a user of <paramref name="groups"/>.</summary>
    private static async Task<long> CreateAllocatesAsync(string[] groups)
    {
        await using var server = new TestServer(new TestServerOptions
        {
            Inline = true,
            Users = store =>
            {
                ((InMemoryUserStore)store).Add(TestServer.Alice, TestServer.Password, groups);
                return store;
            },
        });
        var tree = await server.ConnectToAsync();
        var client = tree.Session.Connection;
        var request = tree.Request(Smb2Command.Create, RequestBody.Create("missing", disposition: CreateDisposition.Open));
        var repeated = new RepeatedRequest(await client.DetachAsync(), request, client.NextMessageId);
        Repeat(repeated.SendAsync, Requests, NtStatus.ObjectNameNotFound);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(repeated.SendAsync, Requests, NtStatus.ObjectNameNotFound);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Requests;
    }

    private async Task MeasureRdmaAsync(MessageProtection protection, Func<SmbTestFile, byte[], SmbTestRequest> make)
    {
        Start(new TestServerOptions { Inline = true });
        var (client, lent) = Server.ConnectRdmaLent(
            out var pair, new SmbTestClientOptions { RdmaTransforms = [Smb2RdmaTransform.Encryption, Smb2RdmaTransform.Signing] });
        var file = await (await (await client.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data")).OpenAsync("file.bin");
        await client.EnsureCreditsAsync(32);
        await file.WriteAsync(0, new byte[100_000]);
        using var memory = pair.Rent(100_000);
        var opened = pair.Open(memory, 100_000, RemoteAccess.Read | RemoteAccess.Write);
        var request = make(file, ThroughMemory.Info(new RdmaBufferDescriptor(opened.Offset, opened.Token, opened.Length)));
        var repeated = new RepeatedMessage(await lent.TakeBackAsync(), client, request, protection);
        Repeat(repeated.SendAsync, Requests);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(repeated.SendAsync, Requests);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // The smallest object has 24 bytes. Client and server use the same pooled state machines at a time, so that now and then a core has
        // none left and makes one.
        Assert.True(allocated < 12 * Requests, $"{allocated} bytes for {Requests} requests.");
    }

    private async Task MeasureAsync(bool signed, Func<SmbTestTree, SmbTestFile, SmbTestRequest> make)
    {
        Start(new TestServerOptions { Inline = true });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.bin");
        await file.WriteAsync(0, new byte[8192]);
        var client = tree.Session.Connection;
        var request = make(tree, file);
        var transport = await client.DetachAsync();
        var repeated = new RepeatedRequest(
            transport, request, client.NextMessageId, signed ? tree.Session.SignerOn(client) : null);
        Repeat(repeated.SendAsync, Requests);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(repeated.SendAsync, Requests);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < Requests, $"{allocated} bytes for {Requests} requests.");
    }

    private static void Repeat(Func<ValueTask<NtStatus>> send, int count, NtStatus expected = NtStatus.Success)
    {
        for (var i = 0; i < count; i++)
        {
            var sending = send();
            if (!sending.IsCompleted)
            {
                throw new InvalidOperationException("The exchange left the thread.");
            }

            var status = sending.Result;
            if (status != expected)
            {
                throw new InvalidOperationException(status.ToString());
            }
        }
    }
}
