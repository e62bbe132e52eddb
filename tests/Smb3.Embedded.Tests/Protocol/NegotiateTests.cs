using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

public sealed class NegotiateTests : ProtocolTest
{
    private static readonly byte[] Salt = new byte[32];

    [Theory]
    [InlineData(0x0202)]
    [InlineData(0x0210)]
    [InlineData(0x0300)]
    [InlineData(0x0302)]
    [InlineData(0x0311)]
    public async Task Every_dialect_is_spoken_when_it_is_the_only_one_and_a_file_can_be_used(int dialect)
    {
        var client = Server.Connect(Speaking((Smb2Dialect)dialect));
        var answer = await client.NegotiateAsync();
        Assert.Equal((Smb2Dialect)dialect, answer.Dialect);
        Assert.Equal((Smb2Dialect)dialect == Smb2Dialect.Smb202 ? 65536u : 8u << 20, answer.MaxReadSize);
        Assert.Equal(Server.Graph.Settings.ServerGuid, answer.ServerGuid);
        Assert.NotEmpty(answer.SecurityBuffer);

        var tree = await (await client.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data");
        var file = await tree.OpenAsync("file.txt");
        await file.WriteAsync(0, [1, 2, 3]);
        Assert.Equal([1, 2, 3], await file.ReadAsync(0, 100));
        await file.CloseAsync();
    }

    [Fact]
    public async Task The_highest_common_dialect_wins_whatever_the_order()
    {
        var client = Server.Connect(Speaking(Smb2Dialect.Smb300, Smb2Dialect.Smb311, Smb2Dialect.Smb202));
        Assert.Equal(Smb2Dialect.Smb311, (await client.NegotiateAsync()).Dialect);
    }

    [Fact]
    public async Task A_dialect_that_is_switched_off_is_not_spoken()
    {
        Start(new ServerSettings { MinDialect = Smb2Dialect.Smb300, MaxDialect = Smb2Dialect.Smb302 });
        Assert.Equal(Smb2Dialect.Smb302, (await Server.Connect().NegotiateAsync()).Dialect);
        var old = Server.Connect(Speaking(Smb2Dialect.Smb202, Smb2Dialect.Smb210));
        (await old.CallAsync(Negotiate(old.NegotiateBody()))).Expect(NtStatus.NotSupported);
    }

    [Fact]
    public async Task No_dialect_at_all_is_an_invalid_parameter_and_the_client_may_try_again()
    {
        var client = Server.Connect();
        (await client.CallAsync(Negotiate(RequestBody.Negotiate([], Guid.NewGuid())))).Expect(NtStatus.InvalidParameter);
        await client.NegotiateAsync();
    }

    [Fact]
    public async Task Preauthentication_integrity_is_a_must_in_3_1_1()
    {
        await ExpectAsync(NtStatus.InvalidParameter, (ref NegotiateContextWriter writer) => writer.Encryption([Smb2Cipher.Aes128Gcm]));
        await ExpectAsync(
            NtStatus.InvalidParameter, (ref NegotiateContextWriter writer) => writer.PreauthIntegrity([], Salt));
        await ExpectAsync(
            NtStatus.SmbNoPreauthIntegrityHashOverlap,
            (ref NegotiateContextWriter writer) => writer.PreauthIntegrity([(Smb2HashAlgorithm)0x77], Salt));
    }

    [Fact]
    public async Task A_context_that_comes_twice_is_an_invalid_parameter()
    {
        await ExpectAsync(
            NtStatus.InvalidParameter,
            (ref NegotiateContextWriter writer) =>
            {
                Preauth(ref writer);
                Preauth(ref writer);
            });
        await ExpectAsync(
            NtStatus.InvalidParameter,
            (ref NegotiateContextWriter writer) =>
            {
                Preauth(ref writer);
                writer.Encryption([Smb2Cipher.Aes128Gcm]);
                writer.Encryption([Smb2Cipher.Aes128Ccm]);
            });
        await ExpectAsync(
            NtStatus.InvalidParameter,
            (ref NegotiateContextWriter writer) =>
            {
                Preauth(ref writer);
                writer.Signing([Smb2SigningAlgorithm.AesCmac]);
                writer.Signing([Smb2SigningAlgorithm.AesGmac]);
            });
    }

    [Fact]
    public async Task Empty_lists_and_lists_that_say_more_than_they_hold_are_invalid_parameters()
    {
        await ExpectAsync(
            NtStatus.InvalidParameter,
            (ref NegotiateContextWriter writer) =>
            {
                Preauth(ref writer);
                writer.Encryption([]);
            });
        await ExpectAsync(
            NtStatus.InvalidParameter,
            (ref NegotiateContextWriter writer) =>
            {
                Preauth(ref writer);
                writer.Raw(NegotiateContextType.Encryption, [200, 0, 1, 0]);
            });
        await ExpectAsync(
            NtStatus.InvalidParameter, // also where there is no compression, as Windows, which has it, would say
            (ref NegotiateContextWriter writer) =>
            {
                Preauth(ref writer);
                writer.Compression(Smb2CompressionFlags.None, []);
            });
        await ExpectAsync(
            NtStatus.InvalidParameter,
            (ref NegotiateContextWriter writer) => writer.Raw(NegotiateContextType.PreauthIntegrity, [1, 0, 255, 255, 1, 0]));
    }

    [Fact]
    public async Task Contexts_that_nobody_knows_are_skipped_and_not_answered()
    {
        var client = Server.Connect();
        var response = await client.CallAsync(Negotiate(Body(
            (ref NegotiateContextWriter writer) =>
            {
                writer.Raw((NegotiateContextType)0x4711, [1, 2, 3]);
                Preauth(ref writer);
                writer.Transport(Smb2TransportFlags.AcceptTransportLevelSecurity);
                writer.Posix();
            })));
        var answer = NegotiateAnswer.Parse(response.Expect(NtStatus.Success).Message);
        Assert.Equal([NegotiateContextType.PreauthIntegrity], answer.Contexts.Select(context => context.Type));
    }

    [Fact]
    public async Task No_common_cipher_is_said_with_cipher_0_and_there_is_no_encryption()
    {
        Start(new ServerSettings { Ciphers = [Smb2Cipher.Aes256Gcm] });
        var client = Server.Connect(new SmbTestClientOptions { Ciphers = [Smb2Cipher.Aes128Ccm] });
        var answer = await client.NegotiateAsync();
        Assert.Equal([1, 0, 0, 0], answer.Find(NegotiateContextType.Encryption)!);
        var session = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("sealed"));
        Assert.Equal(NtStatus.Success, await session.TryConnectAsync("data"));
    }

    [Fact]
    public async Task A_second_negotiate_ends_the_connection_without_an_answer()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        var call = await client.SendAsync(Negotiate(client.NegotiateBody()));
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    [Theory]
    [InlineData((int)Smb2Command.Echo)]
    [InlineData((int)Smb2Command.SessionSetup)]
    [InlineData((int)Smb2Command.Create)]
    public async Task Nothing_but_negotiate_comes_first(int command)
    {
        var client = Server.Connect();
        var call = await client.SendAsync(new SmbTestRequest { Command = (Smb2Command)command });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    [Fact]
    public async Task The_smb1_wildcard_leads_to_a_second_negotiate()
    {
        var client = Server.Connect();
        await client.SendFrameAsync(RequestBody.Smb1Negotiate("NT LM 0.12", "SMB 2.002", "SMB 2.???"));
        var answer = NegotiateAnswer.Parse((await client.NextUnsolicitedAsync()).Expect(NtStatus.Success).Message);
        Assert.Equal(Smb2Dialect.Wildcard, answer.Dialect);
        client.NextMessageId = 1;
        Assert.Equal(Smb2Dialect.Smb311, (await client.NegotiateAsync()).Dialect);
        await client.LogOnAsync(TestServer.Alice, TestServer.Password);
    }

    [Fact]
    public async Task Smb1_with_2_002_alone_settles_it()
    {
        var client = Server.Connect();
        await client.SendFrameAsync(RequestBody.Smb1Negotiate("NT LM 0.12", "SMB 2.002"));
        var answer = NegotiateAnswer.Parse((await client.NextUnsolicitedAsync()).Expect(NtStatus.Success).Message);
        Assert.Equal(Smb2Dialect.Smb202, answer.Dialect);
        client.Accept(answer);
        client.NextMessageId = 1;
        await client.LogOnAsync(TestServer.Alice, TestServer.Password);
    }

    [Fact]
    public async Task Smb1_alone_is_not_spoken()
    {
        var client = Server.Connect();
        await client.SendFrameAsync(RequestBody.Smb1Negotiate("NT LM 0.12"));
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task Smb1_after_the_negotiation_ends_the_connection()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        await client.SendFrameAsync(RequestBody.Smb1Negotiate("SMB 2.???"));
        await client.WaitForCloseAsync();
    }

    [Theory]
    [InlineData(0x0210)]
    [InlineData(0x0302)]
    public async Task Validate_negotiate_confirms_what_was_negotiated(int dialect)
    {
        var tree = await Server.ConnectToAsync("IPC$", Speaking(Smb2Dialect.Smb202, (Smb2Dialect)dialect));
        var response = await ValidateAsync(tree, tree.Session.Connection.Options.Dialects);
        var output = IoctlAnswer.Parse(response.Expect(NtStatus.Success).Message).Output;
        Assert.Equal(24, output.Length);
        Assert.Equal(dialect, output[22] | (output[23] << 8));
    }

    [Fact]
    public async Task Validate_negotiate_that_does_not_match_ends_the_connection_without_an_answer()
    {
        var tree = await Server.ConnectToAsync("IPC$", Speaking(Smb2Dialect.Smb202, Smb2Dialect.Smb300));
        await Assert.ThrowsAsync<EndOfStreamException>(() => ValidateAsync(tree, [Smb2Dialect.Smb202, Smb2Dialect.Smb300, Smb2Dialect.Smb302]));
    }

    [Trait("Transport", "own")] // bytes below the messages
    [Fact]
    public async Task A_frame_before_the_negotiation_is_short()
    {
        var client = Server.Connect();
        await client.SendBytesAsync(new byte[] { 0, 0x10, 0, 0 });
        await client.WaitForCloseAsync();
    }

    [Trait("Transport", "own")] // bytes below the messages
    [Fact]
    public async Task A_frame_of_another_kind_ends_the_connection()
    {
        var client = Server.Connect();
        await client.SendBytesAsync(new byte[] { 0x81, 0, 0, 68, 1, 2, 3, 4 });
        await client.WaitForCloseAsync();
        Assert.True(Server.Logged("FrameMalformed"));
    }

    private static SmbTestRequest Negotiate(byte[] body) => new() { Command = Smb2Command.Negotiate, Body = body };

    private static byte[] Body(WriteNegotiateContexts contexts) =>
        RequestBody.Negotiate([Smb2Dialect.Smb311], Guid.NewGuid(), contexts: contexts);

    private static void Preauth(ref NegotiateContextWriter writer) => writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], Salt);

    private static Task<SmbTestResponse> ValidateAsync(SmbTestTree tree, IEnumerable<Smb2Dialect> dialects)
    {
        var options = tree.Session.Connection.Options;
        var asked = dialects.ToArray();
        var capabilities = options.Dialects.Any(dialect => dialect >= Smb2Dialect.Smb300) ? options.Capabilities : Smb2Capabilities.None;
        var input = new byte[24 + (asked.Length * sizeof(ushort))];
        input.AsSpan().Put(0, (uint)capabilities);
        input.AsSpan().Put(4, options.ClientGuid);
        input.AsSpan().Put(20, (ushort)options.SecurityMode);
        input.AsSpan().Put(22, (ushort)asked.Length);
        for (var i = 0; i < asked.Length; i++)
        {
            input.AsSpan().Put(24 + (i * sizeof(ushort)), (ushort)asked[i]);
        }

        return tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.ValidateNegotiateInfo, SmbTestFile.Previous, input, maxOutput: 24));
    }

    private async Task ExpectAsync(NtStatus status, WriteNegotiateContexts contexts) =>
        (await Server.Connect().CallAsync(Negotiate(Body(contexts)))).Expect(status);
}
