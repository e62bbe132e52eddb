using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Protection of the data that goes by RDMA beside READ and WRITE (MS-SMB2 2.2.43, 3.3.5.12, 3.3.5.13).</summary>
[Trait("Transport", "own")]
public sealed class RdmaTransformTests : ProtocolTest
{
    private const int Length = 300_000;

    private static readonly Smb2RdmaTransform[] Both = [Smb2RdmaTransform.Encryption, Smb2RdmaTransform.Signing];

    private readonly byte[] _data = RandomNumberGenerator.GetBytes(Length);
    private readonly List<RegisteredBuffer> _registered = [];

    [Theory]
    [InlineData(new ushort[] { 1 }, true, new ushort[] { 1 })]
    [InlineData(new ushort[] { 2 }, true, new ushort[] { 2 })]
    [InlineData(new ushort[] { 2, 1 }, true, new ushort[] { 1, 2 })]
    [InlineData(new ushort[] { 0, 7, 1, 2, 2 }, true, new ushort[] { 1, 2 })]
    [InlineData(new ushort[] { 0 }, true, new ushort[] { 0 })] // an answer has one id at least
    [InlineData(new ushort[] { 7 }, true, new ushort[] { 0 })]
    [InlineData(new ushort[] { 1 }, false, new ushort[] { 0 })] // nothing to encrypt with
    [InlineData(new ushort[] { 1, 2 }, false, new ushort[] { 2 })]
    [InlineData(new ushort[] { }, true, null)]
    public async Task What_both_can_do_is_agreed_on_whatever_the_transport(ushort[] offered, bool canEncrypt, ushort[]? agreed)
    {
        var options = new SmbTestClientOptions
        {
            RdmaTransforms = [.. offered.Select(id => (Smb2RdmaTransform)id)],
            Ciphers = canEncrypt ? [Smb2Cipher.Aes128Gcm] : [],
        };
        foreach (var client in new[] { Server.Connect(options), Server.ConnectRdma(out _, options) })
        {
            var context = (await client.NegotiateAsync()).Find(NegotiateContextType.RdmaTransform);
            Assert.Equal(agreed is null, context is null);
            if (agreed is not null)
            {
                Assert.Equal(8 + (2 * agreed.Length), context!.Length);
                Assert.Equal(agreed.Length, BinaryPrimitives.ReadUInt16LittleEndian(context));
                Assert.Equal(agreed, Enumerable.Range(0, agreed.Length).Select(i => BitConverter.ToUInt16(context, 8 + (2 * i))));
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 })] // TransformCount 0
    [InlineData(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0, 1, 0 })] // more than there is
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { })]
    public async Task A_list_that_is_empty_or_cut_off_is_an_invalid_parameter(byte[] content)
    {
        var client = Server.ConnectRdma(out _);
        var body = RequestBody.Negotiate(
            [Smb2Dialect.Smb311], Guid.NewGuid(), contexts: (ref NegotiateContextWriter writer) =>
            {
                writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], new byte[32]);
                writer.Raw(NegotiateContextType.RdmaTransform, content);
            });
        (await client.CallAsync(new SmbTestRequest { Command = Smb2Command.Negotiate, Body = body })).Expect(NtStatus.InvalidParameter);
    }

    [Theory]
    [InlineData((int)Smb2Cipher.Aes128Ccm, 11)]
    [InlineData((int)Smb2Cipher.Aes128Gcm, 12)]
    [InlineData((int)Smb2Cipher.Aes256Ccm, 11)]
    [InlineData((int)Smb2Cipher.Aes256Gcm, 12)]
    public async Task Data_beside_sealed_messages_is_sealed(int cipher, int nonceSize)
    {
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both, Ciphers = [(Smb2Cipher)cipher] }, "sealed");
        await WriteAsync(file, pair, RdmaTransformType.Encryption);
        Assert.Equal(_data, await file.ReadAsync(0, Length));

        // Nothing but the ciphertext was to be seen in the memory, neither then nor now.
        Assert.True(Overlap(_registered[^1].Memory.Span, _data) < 0.01);
        var (response, memory) = await ReadAsync(file, pair, 50_000, Length);
        var answer = ReadAnswer.Parse(response.Message);
        Assert.Equal(250_000u, answer.Remaining);
        Assert.Equal(56, answer.Data.Length);
        Assert.Equal(nonceSize, BinaryPrimitives.ReadUInt16LittleEndian(answer.Data.AsSpan(20)));
        Assert.True(response.WasEncrypted);
        Assert.True(Overlap(memory.Span, _data.AsSpan(50_000)) < 0.01);
        AssertPlaced(_data[50_000..], RdmaTransformType.Encryption, TransformedMemory.Open(file.Tree.Session, response, memory.Span));
        Assert.True(memory.Span[250_000..].IndexOfAnyExcept((byte)0) < 0);
        await EndAsync(file);
    }

    [Theory]
    [InlineData(Smb2SigningAlgorithm.AesCmac, 40, 0)]
    [InlineData(Smb2SigningAlgorithm.AesGmac, 56, 12)]
    [InlineData(Smb2SigningAlgorithm.HmacSha256, 40, 0)]
    internal async Task Data_beside_signed_messages_is_signed(Smb2SigningAlgorithm algorithm, int transformSize, int nonceSize)
    {
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both, SigningAlgorithms = [algorithm] });
        await WriteAsync(file, pair, RdmaTransformType.Signing);
        Assert.Equal(_data, await file.ReadAsync(0, Length));

        var (response, memory) = await ReadAsync(file, pair, 50_000, Length);
        var answer = ReadAnswer.Parse(response.Message);
        Assert.Equal(250_000u, answer.Remaining);
        Assert.Equal(transformSize, answer.Data.Length);
        Assert.Equal(nonceSize, BinaryPrimitives.ReadUInt16LittleEndian(answer.Data.AsSpan(20)));
        Assert.Equal(_data[50_000..], memory[..250_000].ToArray());
        AssertPlaced(_data[50_000..], RdmaTransformType.Signing, TransformedMemory.Open(file.Tree.Session, response, memory.Span));
        memory.Span[77]++;
        Assert.Null(TransformedMemory.Open(file.Tree.Session, response, memory.Span).Data);

        // A client that does not sign gets what it asks for.
        file.Tree.Session.Signs = false;
        (response, memory) = await ReadAsync(file, pair, 50_000, Length);
        AssertPlaced(_data[50_000..], RdmaTransformType.None, TransformedMemory.Open(file.Tree.Session, response, memory.Span));
        Assert.Empty(ReadAnswer.Parse(response.Message).Data);
        file.Tree.Session.Signs = true;
        await EndAsync(file);
    }

    [Fact]
    public async Task A_client_that_has_agreed_on_one_protection_only_gets_no_other()
    {
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = [Smb2RdmaTransform.Encryption] });
        await file.WriteAsync(0, _data);
        var (response, memory) = await ReadAsync(file, pair, 0, Length);
        AssertPlaced(_data, RdmaTransformType.None, TransformedMemory.Open(file.Tree.Session, response, memory.Span));
        await RefuseWriteAsync(file, pair, info => TransformedMemory.Protect(file.Tree.Session, RdmaTransformType.Signing, new byte[1000], info));
        await EndAsync(file);

        // What was agreed on for signing does not do for sealing.
        (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = [Smb2RdmaTransform.Signing] }, "sealed");
        await RefuseReadAsync(file, pair);
        await RefuseWriteAsync(file, pair, info => info, Smb2Channel.RdmaV1);
        await RefuseWriteAsync(file, pair, info => TransformedMemory.Protect(file.Tree.Session, RdmaTransformType.Encryption, new byte[1000], info));
        await RefuseWriteAsync(file, pair, info => TransformedMemory.Protect(file.Tree.Session, RdmaTransformType.Signing, new byte[1000], info));
        Assert.Equal(_data, await file.ReadAsync(0, Length));
        await EndAsync(file);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_server_demands_signatures_nothing_goes_beside_them_without_one(bool agrees)
    {
        Start(new ServerSettings { SigningRequired = true });
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = agrees ? Both : [] });
        await file.WriteAsync(0, _data);
        await RefuseWriteAsync(file, pair, info => info, Smb2Channel.RdmaV1);
        await RefuseWriteAsync(file, pair, info => info, Smb2Channel.RdmaV1Invalidate);
        if (agrees)
        {
            var (response, memory) = await ReadAsync(file, pair, 0, Length);
            AssertPlaced(_data, RdmaTransformType.Signing, TransformedMemory.Open(file.Tree.Session, response, memory.Span));
            await WriteAsync(file, pair, RdmaTransformType.Signing);
        }
        else
        {
            await RefuseReadAsync(file, pair);
        }

        Assert.Equal(_data, await file.ReadAsync(0, Length));
        await EndAsync(file);
    }

    [Theory]
    [InlineData("sealed")]
    [InlineData("data")]
    public async Task Data_that_is_not_what_the_client_has_protected_is_not_written(string share)
    {
        var type = share == "sealed" ? RdmaTransformType.Encryption : RdmaTransformType.Signing;
        var failure = type == RdmaTransformType.Encryption ? NtStatus.AuthTagMismatch : NtStatus.InvalidSignature;
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both }, share);
        await file.WriteAsync(0, _data);
        var content = RandomNumberGenerator.GetBytes(1000);
        var info = TransformedMemory.Protect(file.Tree.Session, type, content, ThroughMemory.Info(default(RdmaBufferDescriptor)));
        var descriptor = Register(pair, content, RemoteAccess.Read);
        descriptor.Write(info.AsSpan(^RdmaBufferDescriptor.Size));
        var memory = _registered[^1].Memory;

        // The data, the tag, the nonce: each bit of it counts.
        foreach (var (at, inMemory) in new[] { (0, true), (999, true), (24, false), (39, false), (40, false), (51, false) })
        {
            var changed = info.ToArray();
            (inMemory ? memory.Span : changed)[at] ^= 0x10;
            (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 1000, changed, Smb2Channel.RdmaTransform)))
                .Expect(failure);
            content.CopyTo(memory);
        }

        // So does its length.
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 999, info, Smb2Channel.RdmaTransform)))
            .Expect(failure);
        Assert.Equal(_data, await file.ReadAsync(0, Length));
        Assert.True(Server.Logged("WRITE of alice"));

        // The connection goes on.
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 1000, info, Smb2Channel.RdmaTransform))).Expect(NtStatus.Success);
        Assert.NotEqual(_data[..1000], await file.ReadAsync(0, 1000));
        await EndAsync(file);
    }

    [Theory]
    [InlineData("sealed")]
    [InlineData("data")]
    public async Task A_transform_that_makes_no_sense_is_an_invalid_parameter(string share)
    {
        var type = share == "sealed" ? RdmaTransformType.Encryption : RdmaTransformType.Signing;
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both }, share);
        await file.WriteAsync(0, _data);
        var session = file.Tree.Session;
        var other = type == RdmaTransformType.Encryption ? RdmaTransformType.Signing : RdmaTransformType.Encryption;
        Func<byte[], byte[]> right = info => TransformedMemory.Protect(session, type, new byte[1000], info);
        Func<byte[], byte[]> Changed(Action<byte[]> change) => info =>
        {
            var changed = right(info);
            change(changed);
            return changed;
        };

        // The other type is not how the request is protected; "none" and unknown ones are no transforms.
        await RefuseWriteAsync(file, pair, info => TransformedMemory.Protect(session, other, new byte[1000], info));
        await RefuseWriteAsync(file, pair, Changed(info => info[16] = 0));
        await RefuseWriteAsync(file, pair, Changed(info => info[16] = 3));

        // No transform, and more than one: twice the same, and one of each.
        await RefuseWriteAsync(file, pair, Changed(info => info[8] = 0));
        await RefuseWriteAsync(file, pair, Changed(info => info[8] = 2));
        foreach (var second in new[] { type, other })
        {
            await RefuseWriteAsync(file, pair, info =>
            {
                byte[] chain = [.. right(info)[..56], .. right(info)[16..]];
                chain[0] += 40;
                chain[8] = 2;
                chain[56] = (byte)second;
                return chain;
            });
        }

        // The descriptors: nowhere, elsewhere, inside the transform, not where a multiple of 8 is, past the end.
        foreach (var offset in new ushort[] { 0, 16, 48, 52, 57, 64, 72, 0xFFF0, 0xFFFF })
        {
            await RefuseWriteAsync(file, pair, Changed(info => BinaryPrimitives.WriteUInt16LittleEndian(info, offset)));
        }

        foreach (var length in new ushort[] { 0, 1, 15, 17, 32, 0xFFFF })
        {
            await RefuseWriteAsync(file, pair, Changed(info => BinaryPrimitives.WriteUInt16LittleEndian(info.AsSpan(2), length)));
        }

        await RefuseWriteAsync(file, pair, info => [.. right(info)[..52], .. info]); // not padded
        foreach (var channel in new uint[] { 0, 3, 4, uint.MaxValue })
        {
            await RefuseWriteAsync(file, pair, Changed(info => BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(4), channel)));
        }

        // A signature that is cut off would be guessed, and one that says more than there is would be read from elsewhere.
        foreach (var (signature, nonce) in new[] { (0, 0), (0, 12), (1, 12), (15, 12), (15, 13), (17, 12), (16, 0), (16, 11), (16, 13), (16, 16), (0xFFFF, 0xFFFF) })
        {
            // Where the descriptors are in their place nevertheless, it is as wrong as any other signature.
            var status = signature + nonce is <= 24 or > 32 ? NtStatus.InvalidParameter
                : share == "sealed" ? NtStatus.AuthTagMismatch : NtStatus.InvalidSignature;
            await RefuseWriteAsync(
                file,
                pair,
                Changed(info =>
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(info.AsSpan(18), (ushort)signature);
                    BinaryPrimitives.WriteUInt16LittleEndian(info.AsSpan(20), (ushort)nonce);
                }),
                status: status);
        }

        for (var length = 0; length < 56; length++)
        {
            await RefuseWriteAsync(file, pair, info => right(info)[..length]);
        }

        // There is less memory than is to be written, or none in the first place; and a READ does not say how it is protected.
        await RefuseWriteAsync(file, pair, info => right(ThroughMemory.Info(new RdmaBufferDescriptor(0, 1, 999))));
        await RefuseWriteAsync(file, pair, info => right([.. ThroughMemory.Info(new RdmaBufferDescriptor(0, 1, 0)), .. info]));
        var target = ThroughMemory.Info(Register(pair, new byte[1000], RemoteAccess.Write));
        (await session.CallAsync(ThroughMemory.Read(file, 0, 1000, right(target), Smb2Channel.RdmaTransform))).Expect(NtStatus.InvalidParameter);
        Assert.Equal(_data, await file.ReadAsync(0, Length));
        await EndAsync(file);
    }

    [Fact]
    public async Task Data_that_claims_to_be_protected_beside_a_request_that_is_not_is_refused()
    {
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both });
        file.Tree.Session.Signs = false;
        await RefuseWriteAsync(file, pair, info => TransformedMemory.Protect(file.Tree.Session, RdmaTransformType.Signing, new byte[1000], info));
        await RefuseWriteAsync(file, pair, info => TransformedMemory.Protect(file.Tree.Session, RdmaTransformType.Encryption, new byte[1000], info));
        file.Tree.Session.Signs = true;
        await EndAsync(file);
    }

    [Theory]
    [InlineData("sealed", RdmaTransformType.Encryption)]
    [InlineData("data", RdmaTransformType.Signing)]
    internal async Task Memory_is_closed_with_the_response_where_the_client_asks_for_it(string share, RdmaTransformType type)
    {
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both }, share);
        var content = _data.ToArray();
        var info = TransformedMemory.Protect(
            file.Tree.Session, type, content, ThroughMemory.Info(default, default), Smb2Channel.RdmaV1Invalidate);
        Register(pair, content.AsSpan(0, 100_000), RemoteAccess.Read).Write(info.AsSpan(^32));
        Register(pair, content.AsSpan(100_000), RemoteAccess.Read).Write(info.AsSpan(^16));
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, Length, info, Smb2Channel.RdmaTransform))).Expect(NtStatus.Success);
        Assert.Equal(1, pair.OpenCount);
        Assert.Equal(_data, await file.ReadAsync(0, Length));

        var (response, memory) = await ReadAsync(file, pair, 0, Length, Smb2Channel.RdmaV1Invalidate);
        Assert.Equal(1, pair.OpenCount);
        AssertPlaced(_data, type, TransformedMemory.Open(file.Tree.Session, response, memory.Span));
        await EndAsync(file);
    }

    [Theory]
    [InlineData("sealed", RdmaTransformType.Encryption)]
    [InlineData("data", RdmaTransformType.Signing)]
    internal async Task A_channel_that_joins_a_session_has_its_own_key_and_the_cipher_of_the_session(string share, RdmaTransformType type)
    {
        var options = new SmbTestClientOptions { RdmaTransforms = Both };
        var session = await Server.LogOnAsync(options);
        var channel = Server.ConnectRdma(out var pair, options);
        await channel.NegotiateAsync();
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password);
        var tree = await session.ConnectAsync(share);
        var file = await tree.OpenAsync("file.bin");
        await channel.EnsureCreditsAsync(32);

        var content = _data.ToArray();
        var info = TransformedMemory.Protect(session, type, content, ThroughMemory.Info(default(RdmaBufferDescriptor)), on: channel);
        Register(pair, content, RemoteAccess.Read).Write(info.AsSpan(^16));
        (await channel.CallAsync(ThroughMemory.Write(file, 0, Length, info, Smb2Channel.RdmaTransform))).Expect(NtStatus.Success);
        Assert.Equal(_data, await file.ReadAsync(0, Length));

        var target = Register(pair, new byte[Length], RemoteAccess.Write);
        var response = (await channel.CallAsync(ThroughMemory.Read(file, 0, Length, ThroughMemory.Info(target)))).Expect(NtStatus.Success);
        AssertPlaced(_data, type, TransformedMemory.Open(session, response, _registered[^1].Memory.Span, channel));
        await EndAsync(file);
    }

    [Theory]
    [InlineData("sealed")]
    [InlineData("data")]
    public async Task Where_there_is_no_data_there_is_nothing_to_protect(string share)
    {
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both }, share);
        await file.WriteAsync(0, _data);
        var info = ThroughMemory.Info(Register(pair, new byte[1000], RemoteAccess.Write));
        (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, Length, 1000, info))).Expect(NtStatus.EndOfFile);
        Assert.True(_registered[^1].Memory.Span.IndexOfAnyExcept((byte)0) < 0);
        await EndAsync(file);
    }

    [Fact]
    public async Task No_nonce_serves_twice_for_messages_and_data()
    {
        var (file, pair) = await OpenAsync(new SmbTestClientOptions { RdmaTransforms = Both, SigningAlgorithms = [Smb2SigningAlgorithm.AesGmac] });
        await file.WriteAsync(0, _data);
        var nonces = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            var (response, _) = await ReadAsync(file, pair, 0, 1000);
            Assert.True(nonces.Add(Convert.ToHexString(ReadAnswer.Parse(response.Message).Data, 40, 12)));

            // MS-SMB2 3.1.4.1: what the response itself was signed with.
            Assert.True(nonces.Add(Convert.ToHexString([.. BitConverter.GetBytes(response.MessageId), 1, 0, 0, 0])));
        }

        await EndAsync(file);
    }

    private static void AssertPlaced(byte[] data, RdmaTransformType type, (byte[]? Data, RdmaTransformType Type) placed)
    {
        Assert.Equal(type, placed.Type);
        Assert.Equal(data, placed.Data);
    }

    private static double Overlap(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var same = 0;
        for (var i = 0; i < other.Length; i++)
        {
            same += one[i] == other[i] ? 1 : 0;
        }

        return (double)same / other.Length;
    }

    /// <summary>Writes the data as a client should.</summary>
    private async Task WriteAsync(SmbTestFile file, InProcessQueuePair pair, RdmaTransformType type)
    {
        var content = _data.ToArray();
        var info = TransformedMemory.Protect(file.Tree.Session, type, content, ThroughMemory.Info(default(RdmaBufferDescriptor)));
        Register(pair, content, RemoteAccess.Read).Write(info.AsSpan(^RdmaBufferDescriptor.Size));
        var response = await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, Length, info, Smb2Channel.RdmaTransform));
        Assert.Equal((uint)Length, WriteAnswer.Parse(response.Expect(NtStatus.Success).Message).Count);
    }

    private async Task<(SmbTestResponse Response, Memory<byte> Memory)> ReadAsync(
        SmbTestFile file, InProcessQueuePair pair, ulong offset, uint length, Smb2Channel channel = Smb2Channel.RdmaV1)
    {
        var target = Register(pair, new byte[Math.Max(length, 1)], RemoteAccess.Write);
        var response = await file.Tree.Session.CallAsync(ThroughMemory.Read(file, offset, length, ThroughMemory.Info(target), channel));
        return (response.Expect(NtStatus.Success), _registered[^1].Memory);
    }

    private async Task RefuseReadAsync(SmbTestFile file, InProcessQueuePair pair)
    {
        var info = ThroughMemory.Info(Register(pair, new byte[1000], RemoteAccess.Write));
        (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, 0, 1000, info))).Expect(NtStatus.InvalidParameter);
        Assert.True(_registered[^1].Memory.Span.IndexOfAnyExcept((byte)0) < 0);
    }

    /// <summary>Tries to write 1,000 bytes; they are not even fetched.</summary>
    private async Task RefuseWriteAsync(
        SmbTestFile file, InProcessQueuePair pair, Func<byte[], byte[]> makeInfo, Smb2Channel channel = Smb2Channel.RdmaTransform,
        NtStatus status = NtStatus.InvalidParameter)
    {
        var fetched = 0;
        pair.Peer.Faults = operation =>
        {
            fetched += operation == QueuePairOperation.Read ? 1 : 0;
            return QueuePairFault.None;
        };
        var info = makeInfo(ThroughMemory.Info(Register(pair, new byte[1000], RemoteAccess.Read)));
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 1000, info, channel))).Expect(status);
        Assert.Equal(0, fetched);
    }

    private RdmaBufferDescriptor Register(InProcessQueuePair pair, ReadOnlySpan<byte> content, RemoteAccess access)
    {
        var buffer = pair.Rent(content.Length);
        content.CopyTo(buffer.Memory.Span);
        _registered.Add(buffer);
        var opened = pair.Open(buffer, content.Length, access);
        return new RdmaBufferDescriptor(opened.Offset, opened.Token, opened.Length);
    }

    private async Task<(SmbTestFile File, InProcessQueuePair Pair)> OpenAsync(SmbTestClientOptions options, string share = "data")
    {
        var session = await Server.ConnectRdma(out var pair, options).LogOnAsync(TestServer.Alice, TestServer.Password);
        var tree = await session.ConnectAsync(share);
        await tree.Session.Connection.EnsureCreditsAsync(32);
        return (await tree.OpenAsync("file.bin"), pair);
    }

    private async Task EndAsync(SmbTestFile file)
    {
        await file.CloseAsync();
        _registered.ForEach(buffer => buffer.Dispose());
    }
}
