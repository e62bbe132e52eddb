using System.Security.Cryptography;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;
using static Smb3.Embedded.Tests.Security.PublishedExchange;

namespace Smb3.Embedded.Tests.Security.Cryptography;

public class MessageSealerTests
{
    private static readonly RandomNumberGenerator Random = RandomNumberGenerator.Create();

    public static TheoryData<ushort> Ciphers => [1, 2, 3, 4];

    [Theory] // "Encryption in SMB 3.0: a protocol perspective" (2012)
    [InlineData(true, "261B72350558F2E9DCF613070383EDBF",
        "FD534D4281A286535415445DAE393921E44FA42E66E69A111892584FB5ED524A744DA3EE87000000000001001100001400E40800"
        + "25C8FEE16605A437832D1CD52DA9F4645333482A175FE5384563F45FCDAFAEF38BC62BA4D5C62897996625A44C29BE5658DE2E6117585779"
        + "E7B59FFD971278D08580D7FA899E410E910EABF5AA1DB43050B33B49182637759AC15D84BFCDF5B6B238993C0F4CF4D6012023F6C6272970"
        + "75D84B7803912D0A9639634453595EF3E33FFE4E7AC2AB",
        "FE534D4240000100000000000900400008000000000000000400000000000000FFFE0000010000001100001400E408000000000000000000"
        + "0000000000000000310070001700000000000000000000001501000039000002010000003902000000000000000000007000000000000000"
        + "536D623320656E6372797074696F6E2074657374696E67")]
    [InlineData(false, "8FE2B57EC34D2DB5B1A9727F526BBDB5",
        "FD534D42A6015530A18F6D9AFFE22AFAE8E6648486000000000000001100001400E4080050000000000001001100001400E40800"
        + "DBF46435C5F14169293CE079E344479BF670227E49873F458672C3098DAC467DD5809F369D674091665157871483E01F7BECD02064EAC3E2"
        + "35F913668BBC2F097980D4B378F1993EFF6E60D177309E5B",
        "FE534D4240000100000000000900210009000000000000000400000000000000FFFE0000010000001100001400E408000000000000000000"
        + "000000000000000011000000170000000000000000000000")]
    public void ThePublishedMessagesOfSmb30Open(bool fromClient, string key, string sealed_, string plain)
    {
        using var keys = SessionKeys.Derive(Smb2Dialect.Smb300, Hex("B4546771B515F766A86735532DD6C4F0"), Smb2Cipher.Aes128Ccm, default);
        AssertOpens(keys, Smb2Cipher.Aes128Ccm, fromClient, key, sealed_, plain);
    }

    [Theory] // "SMB 3.1.1 encryption in Windows 10" (2015)
    [InlineData(true, "A2F5E80E5D59103034F32E52F698E5EC",
        "FD534D42BD73D97D2BC9001BCAFAC0FDFF5FEEBCC7D6822D269CAF48904C664C0000000087000000000001002500000000100000"
        + "6ECDD2A7AFC7B47763057A041B8FD4DAFFE990B70C9E09D36C084E02D14EF247F8BDE38ACF6256F8B1D3B56F77FBDEB312FEA5E92CBCC1ED"
        + "8FB2EBBFAA75E49A4A394BB44576545567C24D4C014D47C9FBDFDAFD2C4F9B72F8D256452620A299F48E29E53D6B61D1C13A19E91AF013F0"
        + "0D17E3ABC2FC3D36C8C1B6B93973253852DBD442E46EE8",
        "FE534D4240000100000000000900010008000000000000000500000000000000FFFE00000100000025000000001000000000000000000000"
        + "0000000000000000310070001700000000000000000000000600000004000000010000000400000000000000000000007000000000000000"
        + "536D623320656E6372797074696F6E2074657374696E67")]
    [InlineData(false, "748C50868C90F302962A5C35F5F9A8BF",
        "FD534D42ACBE1CB7ED343ADF1725EF144D90D4B0E06831DD2E8EB7B4000000000000000050000000000001002500000000100000"
        + "26BBBF949983A6C1C796559D0F2C510CB651D1F7B6AC8DED32A2A0B8F2D793A815C6F6B848D69767A215841A42D400AE6DDB5F0B44173A01"
        + "4973321FDD7950DA6179159B82E03C9E18A050FF0EA1C967",
        "FE534D4240000100000000000900010001000000000000000500000000000000FFFE00000100000025000000001000000000000000000000"
        + "000000000000000011000000170000000000000000000000")]
    public void ThePublishedMessagesOfSmb311Open(bool fromClient, string key, string sealed_, string plain)
    {
        var preauth = Hex("B23F3CBFD69487D9832B79B1594A367CDD950909B774C3A4C412B4FCEA9EDDDBA7DB256BA2EA30E9"
            + "77F11F9B113247578E0E915C6D2A513B8F2FCA5707DC8770");
        using var keys = SessionKeys.Derive(Smb2Dialect.Smb311, Hex("419FDDF34C1E001909D362AE7FB6AF79"), Smb2Cipher.Aes128Gcm, preauth);
        AssertOpens(keys, Smb2Cipher.Aes128Gcm, fromClient, key, sealed_, plain);
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void WhatOneEndSealsTheOtherOpensAndNobodyChanges(ushort cipherId)
    {
        var (server, client) = Pair((Smb2Cipher)cipherId);
        using var _ = server;
        using var __ = client;
        foreach (var length in new[] { 1, 64, 65, 4096 })
        {
            var plain = RandomNumberGenerator.GetBytes(length);
            var frame = Frame(plain);
            server.Seal(frame, 0x1234);
            Assert.True(Smb2TransformHeader.TryParse(frame, out var header));
            Assert.Equal(0x1234ul, header.SessionId);
            Assert.Equal((uint)length, header.OriginalMessageSize);

            var copy = frame.ToArray();
            Assert.False(server.TryOpen(copy)); // a message sent back to its sender
            Assert.True(client.TryOpen(frame));
            Assert.Equal(plain, frame[Smb2TransformHeader.Size..]);
        }
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void NoChangedOrCutFrameOpens(ushort cipherId)
    {
        var (server, client) = Pair((Smb2Cipher)cipherId);
        using var _ = server;
        using var __ = client;
        var frame = Frame(new byte[70]);
        server.Seal(frame, 7);

        // CCM leaves the last five of the nonce field's bytes unused and GCM the last four, but all are associated data.
        for (var bit = 0; bit < frame.Length * 8; bit++)
        {
            var changed = frame.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(client.TryOpen(changed), $"bit {bit}");
        }

        for (var length = 0; length < frame.Length; length++)
        {
            Assert.False(client.TryOpen(frame.AsSpan(0, length).ToArray()), $"length {length}");
        }

        Assert.True(client.TryOpen(frame));
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void NoncesNeverRepeatAmongConcurrentCallers(ushort cipherId)
    {
        var (server, client) = Pair((Smb2Cipher)cipherId);
        using var _ = server;
        using var __ = client;
        var nonces = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var frame = Frame(BitConverter.GetBytes(i));
            server.Seal(frame, 1);
            var nonce = frame.AsSpan(Smb2TransformHeader.NonceOffset, Smb2TransformHeader.NonceSize);
            Assert.True(nonces.TryAdd(Convert.ToHexString(nonce), true));
            Assert.True(client.TryOpen(frame));
            Assert.Equal(i, BitConverter.ToInt32(frame, Smb2TransformHeader.Size));
        });
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public void DataIsSealedInPlaceWithNoncesThatNoMessageHas(ushort cipherId)
    {
        var (server, client) = Pair((Smb2Cipher)cipherId);
        using var _ = server;
        using var __ = client;
        var nonces = new HashSet<string>();
        var nonce = new byte[server.NonceSize];
        var tag = new byte[16];
        for (var length = 0; length < 100; length += 33)
        {
            var plain = RandomNumberGenerator.GetBytes(length);
            var data = plain.ToArray();
            server.SealData(data, nonce, tag);
            Assert.True(nonces.Add(Convert.ToHexString(nonce)));
            Assert.Equal(length == 0, plain.AsSpan().SequenceEqual(data));
            Assert.False(server.TryOpenData(data.ToArray(), nonce, tag)); // sent back to its sender
            Assert.False(client.TryOpenData(data.ToArray(), nonce.AsSpan(1), tag));
            Assert.False(client.TryOpenData(data.ToArray(), [.. nonce, 0], tag));
            Assert.False(client.TryOpenData(data.ToArray(), nonce, tag.AsSpan(0, 15)));
            for (var bit = 0; bit < tag.Length * 8; bit++)
            {
                tag[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(client.TryOpenData(data.ToArray(), nonce, tag));
                tag[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            Assert.True(client.TryOpenData(data, nonce, tag));
            Assert.Equal(plain, data);

            var frame = Frame(plain);
            server.Seal(frame, 1);
            Assert.True(nonces.Add(Convert.ToHexString(frame, Smb2TransformHeader.NonceOffset, server.NonceSize)));
        }

        client.Dispose();
        server.Dispose();
        Assert.False(client.TryOpenData(new byte[1], nonce, tag));
        Assert.Throws<ObjectDisposedException>(() => server.SealData(new byte[1], nonce, tag));
    }

    [Fact]
    public void GcmDoesNotAllocate()
    {
        var (server, client) = Pair(Smb2Cipher.Aes128Gcm);
        using var _ = server;
        using var __ = client;
        var frame = Frame(new byte[1000]);
        server.Seal(frame, 1);
        client.TryOpen(frame);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            server.Seal(frame, 1);
            client.TryOpen(frame);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void AfterDisposeNothingIsSealedOrOpened()
    {
        var (server, client) = Pair(Smb2Cipher.Aes256Gcm);
        var frame = Frame(new byte[10]);
        server.Seal(frame, 1);
        server.Dispose();
        client.Dispose();
        Assert.False(client.TryOpen(frame));
        Assert.Throws<ObjectDisposedException>(() => server.Seal(frame, 1));
    }

    private static void AssertOpens(SessionKeys keys, Smb2Cipher cipher, bool fromClient, string key, string sealed_, string plain)
    {
        Assert.Equal(key, Convert.ToHexString(fromClient ? keys.ClientToServerKey : keys.ServerToClientKey));
        using var opener = fromClient ? keys.CreateServerSealer(cipher, Random) : keys.CreateClientSealer(cipher, Random);
        var frame = Hex(sealed_);
        Assert.True(opener.TryOpen(frame));
        Assert.Equal(plain, Convert.ToHexString(frame.AsSpan(Smb2TransformHeader.Size)));
    }

    private static byte[] Frame(byte[] plain)
    {
        var frame = new byte[Smb2TransformHeader.Size + plain.Length];
        plain.CopyTo(frame, Smb2TransformHeader.Size);
        return frame;
    }

    private static (MessageSealer Server, MessageSealer Client) Pair(Smb2Cipher cipher)
    {
        using var keys = SessionKeys.Derive(Smb2Dialect.Smb311, RandomNumberGenerator.GetBytes(16), cipher, new byte[64]);
        return (keys.CreateServerSealer(cipher, Random), keys.CreateClientSealer(cipher, Random));
    }
}
