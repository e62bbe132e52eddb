using System.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// Whole requests, cut and with bits turned, against a live server: each gets a status or a clean disconnect, and the server never has a
/// fault of its own (which the fixture checks) nor leaves anything behind. As many as fit in a few seconds, the same ones each time.
/// </summary>
public sealed class MutationTests : ProtocolTest
{
    private const int PerLogon = 40;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Broken_requests_of_a_session_get_a_status_or_a_disconnect()
    {
        var random = new Random(20);
        var watch = Stopwatch.StartNew();
        var done = 0;
        while (watch.Elapsed < Budget)
        {
            var tree = await Server.ConnectToAsync();
            var client = tree.Session.Connection;
            tree.Session.Signs = false;
            // New ones each time: what was broken before may have changed the old ones.
            var file = await tree.OpenAsync($"file{done}.txt");
            var directory = await tree.OpenAsync($"directory{done}", options: CreateOptions.DirectoryFile);
            var samples = Samples(tree, file, directory);
            for (var i = 0; i < PerLogon && !client.IsClosed; i++, done++)
            {
                await SendAsync(client, samples[random.Next(samples.Length)], random);
            }

            await client.DisposeAsync();
        }

        Assert.True(done > 100, $"Only {done}.");
    }

    [Fact]
    public async Task Broken_sealed_requests_get_a_status_or_a_disconnect()
    {
        // The seal is right: what is broken is inside.
        var random = new Random(21);
        var watch = Stopwatch.StartNew();
        for (var round = 0; watch.Elapsed < Budget / 2; round++)
        {
            var tree = await Server.ConnectToAsync("sealed");
            var client = tree.Session.Connection;
            var file = await tree.OpenAsync($"file{round}.txt");
            var samples = Samples(tree, file, file);
            for (var i = 0; i < PerLogon && !client.IsClosed; i++)
            {
                var request = samples[random.Next(samples.Length)] with { BeforeSigning = message => Turn(message, random) };
                await client.SendAsync(request, new SmbTestFrameOptions { Encrypt = true });
                await OutcomeAsync(client);
            }

            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Broken_requests_of_a_stranger_get_a_status_or_a_disconnect()
    {
        var random = new Random(22);
        var watch = Stopwatch.StartNew();
        var token = new NtlmInitiator(new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = TestServer.Password }).Start();
        for (var i = 0; watch.Elapsed < Budget / 2; i++)
        {
            var client = Server.Connect();
            if (i % 2 == 0)
            {
                await SendAsync(client, new SmbTestRequest { Command = Smb2Command.Negotiate, Body = client.NegotiateBody() }, random);
            }
            else
            {
                await client.NegotiateAsync();
                await SendAsync(
                    client, new SmbTestRequest { Command = Smb2Command.SessionSetup, Body = RequestBody.SessionSetup(token) }, random);
            }

            await client.DisposeAsync();
        }
    }

    private static async Task SendAsync(SmbTestConnection client, SmbTestRequest request, Random random)
    {
        await client.SendAsync(request, new SmbTestFrameOptions { Tamper = frame => Break(frame, random) });
        await OutcomeAsync(client);
    }

    /// <summary>The connection answers an ECHO, or has been closed.</summary>
    private static async Task OutcomeAsync(SmbTestConnection client)
    {
        try
        {
            await client.EchoAsync();
        }
        catch (EndOfStreamException)
        {
            await client.WaitForCloseAsync();
        }
    }

    private static byte[] Break(byte[] frame, Random random)
    {
        if (random.Next(4) == 0)
        {
            return frame[..random.Next(frame.Length)];
        }

        Turn(frame, random);
        return frame;
    }

    private static void Turn(byte[] message, Random random)
    {
        for (var flips = random.Next(3); flips >= 0; flips--)
        {
            message[random.Next(8) == 0 ? random.Next(message.Length) : Smb2Header.Size + random.Next(message.Length - Smb2Header.Size)]
                ^= (byte)(1 << random.Next(8));
        }
    }

    private static SmbTestRequest[] Samples(SmbTestTree tree, SmbTestFile file, SmbTestFile directory) =>
    [
        tree.Request(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\data")),
        tree.Request(Smb2Command.Create, RequestBody.Create(@"new.txt", contexts: (ref Smb3.Embedded.Wire.Create.Contexts.CreateContextWriter writer) =>
        {
            writer.AskMaximalAccess();
            writer.AskOnDiskId();
            writer.AllocationSize(4096);
        })),
        tree.Request(Smb2Command.Create, RequestBody.Create("file.txt", disposition: CreateDisposition.Open)),
        tree.Request(Smb2Command.Close, RequestBody.Close(new Smb2FileId(file.FileId.Persistent, file.FileId.Volatile ^ 0x100))),
        tree.Request(Smb2Command.Flush, RequestBody.Flush(file.FileId)),
        file.ReadRequest(0, 100),
        file.WriteRequest(0, new byte[100]),
        file.LockRequest(0, 10, LockFlags.Exclusive | LockFlags.FailImmediately),
        tree.Request(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.DfsGetReferrals, SmbTestFile.Previous, new byte[20])),
        tree.Request(Smb2Command.QueryDirectory, RequestBody.QueryDirectory(directory.FileId)),
        tree.Request(Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, FileInformationClass.FileAllInformation)),
        tree.Request(Smb2Command.QueryInfo, RequestBody.QueryInfo(file.FileId, Smb2InfoType.Security, 0, additionalInformation: 7)),
        tree.Request(Smb2Command.QueryInfo, RequestBody.QueryFileSystem(file.FileId, FsInformationClass.FileFsAttributeInformation)),
        tree.Request(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, FileInformationClass.FileBasicInformation, new byte[40])),
        tree.Request(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, FileInformationClass.FileEndOfFileInformation, new byte[8])),
        tree.Request(Smb2Command.SetInfo, RequestBody.SetFile(
            file.FileId, FileInformationClass.FileRenameInformation, [.. new byte[16], 8, 0, 0, 0, 0x61, 0, 0x62, 0, 0x63, 0, 0x64, 0])),
        tree.Request(Smb2Command.ChangeNotify, RequestBody.ChangeNotify(directory.FileId)),
        tree.Request(Smb2Command.OplockBreak, RequestBody.OplockBreakAcknowledgment(file.FileId, Smb2OplockLevel.None)),
        tree.Request(Smb2Command.Echo, RequestBody.Empty()),
    ];
}
