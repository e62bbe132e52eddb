using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Signing and sealing: what is protected cannot be changed, and what must be protected does not go without.</summary>
public sealed class ProtectionTests : ProtocolTest
{
    public static TheoryData<int, int> Signings => new()
    {
        { 0x0202, (int)Smb2SigningAlgorithm.HmacSha256 },
        { 0x0210, (int)Smb2SigningAlgorithm.HmacSha256 },
        { 0x0300, (int)Smb2SigningAlgorithm.AesCmac },
        { 0x0302, (int)Smb2SigningAlgorithm.AesCmac },
        { 0x0311, (int)Smb2SigningAlgorithm.HmacSha256 },
        { 0x0311, (int)Smb2SigningAlgorithm.AesCmac },
        { 0x0311, (int)Smb2SigningAlgorithm.AesGmac },
    };

    public static TheoryData<int, int> Ciphers => new()
    {
        { 0x0300, (int)Smb2Cipher.Aes128Ccm },
        { 0x0302, (int)Smb2Cipher.Aes128Ccm },
        { 0x0311, (int)Smb2Cipher.Aes128Ccm },
        { 0x0311, (int)Smb2Cipher.Aes128Gcm },
        { 0x0311, (int)Smb2Cipher.Aes256Ccm },
        { 0x0311, (int)Smb2Cipher.Aes256Gcm },
    };

    [Theory]
    [MemberData(nameof(Signings))]
    public async Task A_changed_bit_anywhere_in_a_signed_request_is_access_denied(int dialect, int algorithm)
    {
        var tree = await Server.ConnectToAsync("data", Signing(dialect, algorithm));
        Assert.Equal((Smb2SigningAlgorithm)algorithm, tree.Session.Connection.SigningAlgorithm);
        var file = await tree.OpenAsync("file.bin");
        foreach (var at in new[] { 24 + Smb2Header.Size, Smb2Header.SignatureOffset, Smb2Header.SignatureOffset + 15, 60 + Smb2Header.Size, 36 })
        {
            var request = file.WriteRequest(0, new byte[100]) with { AfterSigning = message => message[at] ^= 0x10 };
            var response = await tree.Session.CallAsync(request);
            response.Expect(NtStatus.AccessDenied);
        }

        Assert.Equal(NtStatus.EndOfFile, await file.TryReadAsync(0, 1));
        await file.WriteAsync(0, [7]);
        Assert.Equal([7], await file.ReadAsync(0, 9));
        await file.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(Signings))]
    public async Task A_response_to_a_signed_request_is_signed(int dialect, int algorithm)
    {
        var tree = await Server.ConnectToAsync("data", Signing(dialect, algorithm));
        var response = await tree.CallAsync(Smb2Command.Create, RequestBody.Create("none", disposition: CreateDisposition.Open));
        response.Expect(NtStatus.ObjectNameNotFound);
        Assert.True(response.HasValidSignature(tree.Session.SignerOn(tree.Session.Connection)));
    }

    [Theory]
    [InlineData(0x0202)]
    [InlineData(0x0302)]
    [InlineData(0x0311)]
    public async Task Unsigned_is_access_denied_where_the_server_requires_signing(int dialect)
    {
        Start(new ServerSettings { SigningRequired = true });
        var tree = await Server.ConnectToAsync("data", Speaking((Smb2Dialect)dialect));
        await RefusesUnsignedAsync(tree);
    }

    [Fact]
    public async Task Unsigned_is_access_denied_where_the_client_required_signing()
    {
        var options = new SmbTestClientOptions { SecurityMode = Smb2SecurityMode.SigningEnabled | Smb2SecurityMode.SigningRequired };
        await RefusesUnsignedAsync(await Server.ConnectToAsync("data", options));
    }

    [Fact]
    public async Task Unsigned_is_fine_where_nobody_requires_signing_and_is_answered_unsigned()
    {
        var tree = await Server.ConnectToAsync();
        tree.Session.Signs = false;
        var response = await tree.CallAsync(Smb2Command.Create, RequestBody.Create("file.txt"));
        response.Expect(NtStatus.Success);
        Assert.False(response.IsSigned);
    }

    [Fact]
    public async Task An_unsigned_tree_connect_ends_a_3_1_1_connection_without_an_answer()
    {
        var session = await Server.LogOnAsync();
        session.Signs = false;
        await Assert.ThrowsAsync<EndOfStreamException>(() => session.TryConnectAsync("data"));
    }

    [Fact]
    public async Task An_unsigned_tree_connect_is_fine_before_3_1_1()
    {
        var session = await Server.LogOnAsync(Speaking(Smb2Dialect.Smb302));
        session.Signs = false;
        Assert.Equal(NtStatus.Success, await session.TryConnectAsync("data"));
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public async Task A_sealed_share_is_used_with_every_cipher(int dialect, int cipher)
    {
        var tree = await Server.ConnectToAsync("sealed", Sealing(dialect, cipher));
        Assert.Equal((Smb2Cipher)cipher, tree.Session.Connection.Cipher);
        Assert.True((tree.Answer.Flags & Smb2ShareFlags.EncryptData) != 0);
        var file = await tree.OpenAsync("file.bin");
        var data = Enumerable.Range(0, 100_000).Select(i => (byte)i).ToArray();
        await file.WriteAsync(0, data);
        Assert.Equal(data, await file.ReadAsync(0, 100_000));
        Assert.True((await file.CloseAsync()).WasEncrypted);
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public async Task A_changed_bit_of_a_sealed_frame_ends_the_connection(int dialect, int cipher)
    {
        foreach (var at in new[] { 4, 20, 44, 52, 60, -1 })
        {
            var tree = await Server.ConnectToAsync("sealed", Sealing(dialect, cipher));
            var call = await tree.Session.Connection.SendAsync(
                tree.Request(Smb2Command.Create, RequestBody.Create("x")), new SmbTestFrameOptions { Tamper = frame => Flip(frame, at) });
            await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
        }

        Assert.True(Server.Logged("DecryptionFailed"));
    }

    [Fact]
    public async Task A_sealed_share_refuses_clear_text()
    {
        var tree = await Server.ConnectToAsync("sealed");
        var call = await tree.Session.Connection.SendAsync(
            tree.Request(Smb2Command.Create, RequestBody.Create("x")), new SmbTestFrameOptions { Encrypt = false });
        await call.ExpectAsync(NtStatus.AccessDenied);
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("x", CreateDisposition.OpenIf));
    }

    [Fact]
    public async Task A_server_that_requires_encryption_has_it_in_every_session()
    {
        Start(new ServerSettings { Encryption = EncryptionPolicy.Required });
        var tree = await Server.ConnectToAsync();
        Assert.True((tree.Session.Flags & Smb2SessionFlags.EncryptData) != 0);
        var response = await tree.CallAsync(Smb2Command.Create, RequestBody.Create("x"));
        response.Expect(NtStatus.Success);
        Assert.True(response.WasEncrypted);
        var clear = await tree.Session.Connection.SendAsync(
            tree.Request(Smb2Command.Create, RequestBody.Create("x")), new SmbTestFrameOptions { Encrypt = false });
        await clear.ExpectAsync(NtStatus.AccessDenied);

        var old = Server.Connect(Speaking(Smb2Dialect.Smb210));
        await old.NegotiateAsync();
        await new SmbTestSession(old).LogOnAsync(
            new() { UserName = TestServer.Alice, Password = TestServer.Password }, expected: NtStatus.AccessDenied);
    }

    [Fact]
    public async Task A_client_may_seal_by_itself_and_gets_sealed_answers()
    {
        var tree = await Server.ConnectToAsync();
        tree.Session.EncryptsAll = true;
        var response = await tree.CallAsync(Smb2Command.Create, RequestBody.Create("none", disposition: CreateDisposition.Open));
        response.Expect(NtStatus.ObjectNameNotFound);
        Assert.True(response.WasEncrypted);
    }

    [Fact]
    public async Task A_frame_sealed_by_one_session_does_not_act_for_another()
    {
        var client = Server.Connect();
        var alice = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        var bob = await client.LogOnAsync(TestServer.Bob, TestServer.Password);
        var call = await client.SendAsync(
            alice.Request(Smb2Command.Logoff, RequestBody.Empty()), new SmbTestFrameOptions { Encrypt = true, EncryptAs = bob });
        await call.ExpectAsync(NtStatus.AccessDenied);
        Assert.Equal(NtStatus.Success, await alice.TryConnectAsync("data"));
    }

    [Fact]
    public async Task No_response_in_a_sealed_compound_claims_a_signature()
    {
        var tree = await Server.ConnectToAsync("data");
        var bob = await tree.Session.Connection.LogOnAsync(TestServer.Bob, TestServer.Password);

        // Of a session that is not there, of one that did not seal the frame, and of one that ends in the middle; all say that they are signed.
        SmbTestRequest[] requests =
        [
            Claiming(tree.Request(Smb2Command.Create, RequestBody.Create("x"))),
            Claiming(tree.Request(Smb2Command.Create, RequestBody.Create("x"))) with { SessionId = 0x1234 },
            Claiming(bob.Request(Smb2Command.Logoff, RequestBody.Empty())),
            Claiming(tree.Session.Request(Smb2Command.SessionSetup, RequestBody.Empty())),
            Claiming(tree.Session.Request(Smb2Command.Logoff, RequestBody.Empty())),
            Claiming(tree.Request(Smb2Command.Create, RequestBody.Create("x"))),
            Claiming(tree.Request(Smb2Command.Create, RequestBody.Create("x")).Related()),
        ];
        var calls = await tree.Session.Connection.SendAsync(requests, new SmbTestFrameOptions { Encrypt = true });
        var statuses = new List<NtStatus>();
        foreach (var call in calls)
        {
            var response = await call.ResponseAsync();
            statuses.Add(response.Status);
            Assert.True(response.WasEncrypted);
            Assert.False(response.IsSigned, $"{response.Command} -> {response.Status} claims a signature.");
            Assert.Equal(new byte[16], response.Message[48..64]);
        }

        Assert.Equal(
            [
                NtStatus.Success, NtStatus.UserSessionDeleted, NtStatus.AccessDenied, NtStatus.InvalidParameter, NtStatus.Success,
                NtStatus.UserSessionDeleted, NtStatus.InvalidParameter,
            ],
            statuses);
        tree.Session.Connection.Remove(tree.Session);
    }

    [Fact]
    public async Task What_is_signed_does_not_travel_in_a_sealed_frame()
    {
        var tree = await Server.ConnectToAsync("data");
        var session = tree.Session;
        var sealedTree = await session.ConnectAsync("sealed");
        var calls = await session.Connection.SendAsync(
            [
                tree.Request(Smb2Command.Create, RequestBody.Create("x")) with { Sign = true },
                sealedTree.Request(Smb2Command.Create, RequestBody.Create("x")) with { Sign = true },
                tree.Request(Smb2Command.Create, RequestBody.Create("x")) with { Sign = true },
            ],
            new SmbTestFrameOptions { Encrypt = false });
        var signer = session.SignerOn(session.Connection);
        var first = await calls[0].ExpectAsync(NtStatus.Success);
        Assert.False(first.WasEncrypted);
        Assert.True(first.HasValidSignature(signer));
        var refused = await calls[1].ExpectAsync(NtStatus.AccessDenied);
        Assert.True(refused.WasEncrypted);
        Assert.False(refused.IsSigned);
        var last = await calls[2].ExpectAsync(NtStatus.Success);
        Assert.False(last.WasEncrypted);
        Assert.True(last.HasValidSignature(signer));
    }

    [Fact]
    public async Task A_replayed_sealed_frame_is_a_sequence_violation()
    {
        var tree = await Server.ConnectToAsync("sealed");
        var client = tree.Session.Connection;
        await (await tree.OpenAsync("x")).CloseAsync();
        await client.SendFrameAsync(client.LastFrame);
        await client.WaitForCloseAsync();
        Assert.True(Server.Logged("SequenceViolation"));
    }

    [Fact]
    public async Task A_sealed_frame_of_an_unknown_session_ends_the_connection()
    {
        var tree = await Server.ConnectToAsync("sealed");
        var call = await tree.Session.Connection.SendAsync(
            tree.Request(Smb2Command.Create, RequestBody.Create("x")), new SmbTestFrameOptions { Tamper = frame => Flip(frame, 45) });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    [Theory]
    [InlineData(52)]
    [InlineData(60)]
    [InlineData(10)]
    [InlineData(4)]
    public async Task A_sealed_frame_that_is_cut_ends_the_connection(int length)
    {
        var tree = await Server.ConnectToAsync("sealed");
        var call = await tree.Session.Connection.SendAsync(
            tree.Request(Smb2Command.Create, RequestBody.Create("x")), new SmbTestFrameOptions { Tamper = frame => frame[..length] });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    private static byte[] Flip(byte[] frame, int at)
    {
        frame[at < 0 ? frame.Length + at : at] ^= 1;
        return frame;
    }

    private static SmbTestClientOptions Signing(int dialect, int algorithm) =>
        new() { Dialects = [(Smb2Dialect)dialect], SigningAlgorithms = [(Smb2SigningAlgorithm)algorithm] };

    private static SmbTestClientOptions Sealing(int dialect, int cipher) =>
        new() { Dialects = [(Smb2Dialect)dialect], Ciphers = [(Smb2Cipher)cipher] };

    private static async Task RefusesUnsignedAsync(SmbTestTree tree)
    {
        var request = tree.Request(Smb2Command.Create, RequestBody.Create("file.txt"));
        (await tree.Session.CallAsync(request with { Sign = false })).Expect(NtStatus.AccessDenied);
        (await tree.Session.CallAsync(request)).Expect(NtStatus.Success);
    }

    /// <summary>The request with the flag of a signature, and none there.</summary>
    private static SmbTestRequest Claiming(SmbTestRequest request) =>
        request with { Sign = false, Flags = request.Flags | Smb2HeaderFlags.Signed };
}
