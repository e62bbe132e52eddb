using System.Security.Cryptography;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;
using static Smb3.Embedded.Tests.Security.PublishedExchange;

namespace Smb3.Embedded.Tests.Security.Cryptography;

public class MessageSignerTests
{
    public static TheoryData<ushort> Algorithms => [0, 1, 2];

    [Fact]
    public void ThePublishedSignedResponseVerifies()
    {
        using var signer = MessageSigner.Create(Smb2SigningAlgorithm.AesCmac, Hex(SigningKey));
        var message = Hex(SignedResponse);
        Assert.True(signer.Verify(message));
        Assert.Equal(SignedResponse, Convert.ToHexString(message));

        signer.Sign(message);
        Assert.Equal(SignedResponse, Convert.ToHexString(message));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void EveryBitOfDataIsSigned(ushort algorithm)
    {
        using var signer = MessageSigner.Create((Smb2SigningAlgorithm)algorithm, Hex(SigningKey));
        var data = RandomNumberGenerator.GetBytes(67);
        var nonce = new byte[signer.NonceSize];
        var signature = new byte[16];
        signer.SignData(data, 77, byServer: true, nonce, signature);
        Assert.True(signer.VerifyData(data, nonce, signature));
        foreach (var bytes in new[] { data, nonce, signature })
        {
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(signer.VerifyData(data, nonce, signature));
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.False(signer.VerifyData(data, [.. nonce, 0], signature));
        Assert.False(signer.VerifyData(data, nonce, signature.AsSpan(0, 15)));
        Assert.False(signer.VerifyData(data.AsSpan(1), nonce, signature));
        signer.Dispose();
        Assert.False(signer.VerifyData(data, nonce, signature));
        Assert.Throws<ObjectDisposedException>(() => signer.SignData(data, 1, true, nonce, signature));
    }

    [Fact]
    public void NoDataIsSignedWithTheNonceOfAMessage()
    {
        // Of a message: its id, and two bits in the byte behind (MS-SMB2 3.1.4.1).
        using var signer = MessageSigner.Create(Smb2SigningAlgorithm.AesGmac, Hex(SigningKey));
        var nonces = new HashSet<string>();
        foreach (var messageId in new ulong[] { 0, 1, ulong.MaxValue })
        {
            for (byte bits = 0; bits < 4; bits++)
            {
                Assert.True(nonces.Add(Convert.ToHexString([.. BitConverter.GetBytes(messageId), bits, 0, 0, 0])));
            }

            foreach (var byServer in new[] { false, true })
            {
                var nonce = new byte[signer.NonceSize];
                signer.SignData([], messageId, byServer, nonce, new byte[16]);
                Assert.True(nonces.Add(Convert.ToHexString(nonce)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void EveryBitOfAMessageIsSigned(ushort algorithm)
    {
        using var signer = MessageSigner.Create((Smb2SigningAlgorithm)algorithm, Hex(SigningKey));
        var message = Hex(SignedResponse);
        signer.Sign(message);
        Assert.True(signer.Verify(message));
        for (var bit = 0; bit < message.Length * 8; bit++)
        {
            message[bit / 8] ^= (byte)(1 << (bit % 8));
            var changed = message.ToArray();
            Assert.False(signer.Verify(message));
            Assert.Equal(changed, message);
            message[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void HmacSha256IsCutToItsFirstHalf()
    {
        using var signer = MessageSigner.Create(Smb2SigningAlgorithm.HmacSha256, Hex(SigningKey));
        var message = Hex(SignedResponse);
        Smb2Header.SignatureOf(message).Clear();
        var expected = HMACSHA256.HashData(Hex(SigningKey), message)[..16];
        signer.Sign(message);
        Assert.Equal(expected, Smb2Header.SignatureOf(message).ToArray());
    }

    [Theory] // MS-SMB2 3.1.4.1
    [InlineData(Smb2Command.Read, Smb2HeaderFlags.Signed, 0)]
    [InlineData(Smb2Command.Read, Smb2HeaderFlags.Signed | Smb2HeaderFlags.ServerToRedirector, 1)]
    [InlineData(Smb2Command.Cancel, Smb2HeaderFlags.Signed | Smb2HeaderFlags.Async, 2)]
    internal void GmacTakesItsNonceFromTheHeader(Smb2Command command, Smb2HeaderFlags flags, byte lastBits)
    {
        var message = new byte[80];
        Smb2Header.WriteSync(message, command, 0, Smb2HeaderFlags.None, 1, 1, 0x1122334455667788, 0xFEFF, 1, 5);
        Smb2Header.SetFlags(message, flags);
        byte[] nonce = [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, lastBits, 0, 0, 0];
        var expected = new byte[16];
        using (var gcm = new AesGcm(Hex(SigningKey), 16))
        {
            gcm.Encrypt(nonce, default(ReadOnlySpan<byte>), default, expected, message);
        }

        using var signer = MessageSigner.Create(Smb2SigningAlgorithm.AesGmac, Hex(SigningKey));
        signer.Sign(message);
        Assert.Equal(expected, Smb2Header.SignatureOf(message).ToArray());
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void SeveralCallersMaySignAtOnceWithoutAllocating(ushort algorithm)
    {
        using var signer = MessageSigner.Create((Smb2SigningAlgorithm)algorithm, Hex(SigningKey));
        var expected = Hex(SignedResponse);
        signer.Sign(expected);
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            var message = Hex(SignedResponse);
            signer.Sign(message);
            Assert.Equal(expected, message);
            Assert.True(signer.Verify(message));
        });

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            signer.Sign(expected);
            signer.Verify(expected);
        }

        if (X86AesCmac.IsSupported)
        {
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void AfterDisposeNothingIsSignedOrVerified(ushort algorithm)
    {
        var signer = MessageSigner.Create((Smb2SigningAlgorithm)algorithm, Hex(SigningKey));
        var message = Hex(SignedResponse);
        signer.Sign(message);
        signer.Dispose();
        signer.Dispose();
        Assert.False(signer.Verify(message));
        Assert.Throws<ObjectDisposedException>(() => signer.Sign(message));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void WhatIsShorterThanAHeaderNeverVerifies(ushort algorithm)
    {
        using var signer = MessageSigner.Create((Smb2SigningAlgorithm)algorithm, Hex(SigningKey));
        for (var length = 0; length < Smb2Header.Size; length++)
        {
            Assert.False(signer.Verify(new byte[length]));
        }
    }
}
