using System.Security.Cryptography;
using Smb3.Embedded.Storage.Layers.Encryption;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>XTS-AES-256 as IEEE 1619 has it, of any part at a time, with holes.</summary>
public sealed class XtsAesTests
{
    private const int Unit = XtsAes.UnitLength;

    /// <summary>IEEE 1619 annex B, vectors 10 to 14: what a unit of 512 bytes begins and ends with, and the SHA-256 of all of it.</summary>
    [Theory]
    [InlineData(0xFF, "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b", "c4f36ffda9fcea70b9c6e693e148c151", "e97e974fa393af794f7a4684395814cf820de60a01eaec677d87b452e316b364")]
    [InlineData(0xFFFF, "77a31251618a15e6b92d1d66dffe7b50b50bad552305ba0217a610688eff7e11", "a4f9e27b42af8100cb9d59cef9645803", "def4fad29e95dfe1a24b1ad4620f86d7be094cced5b19e0b121aa82d9e6baf98")]
    [InlineData(0xFFFFFF, "e387aaa58ba483afa7e8eb469778317ecf4cf573aa9d4eac23f2cdf914e4e200", "2263a1eef52dd6888c309f5a7d712826", "8bf44861a081dd660d91ce615b5cdfb4d5df9d72c3025c12e67cc0ae097fa5d5")]
    [InlineData(0xFFFFFFFF, "bf53d2dade78e822a4d949a9bc6766b01b06a8ef70d26748c6a7fc36d80ae4c5", "4c82f335abb152c4a93411373aaa8220", "c706140a11affda7402234f5e6331eacbfeb687d8e80d83962691823bb3636f0")]
    [InlineData(0xFFFFFFFFFF, "64497e5a831e4a932c09be3e5393376daa599548b816031d224bbf50a818ed23", "d609d273ad5b0d59631c531f6a0a57b9", "afba71abc4e95b186d89a63a5437c1bafcfd1a18ca273970c534aba4f8d05282")]
    public void The_vectors_of_the_standard_come_out(long unit, string first, string last, string hash)
    {
        var key = Convert.FromHexString(
            "2718281828459045235360287471352662497757247093699959574966967627" + "3141592653589793238462643383279502884197169399375105820974944592");
        var data = Enumerable.Range(0, 512).Select(static i => (byte)i).ToArray();
        using var xts = new XtsAes(key);
        var encrypted = new byte[512];
        xts.Encrypt(unit * Unit, data, encrypted);
        Assert.Equal(first, Convert.ToHexStringLower(encrypted[..32]));
        Assert.Equal(last, Convert.ToHexStringLower(encrypted[^16..]));
        Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(encrypted)));
        xts.Decrypt(unit * Unit, encrypted, encrypted);
        Assert.Equal(data, encrypted);
    }

    [Fact]
    public void Any_part_comes_out_as_in_the_whole_and_as_the_definition_has_it()
    {
        var key = RandomNumberGenerator.GetBytes(XtsAes.KeyLength);
        using var xts = new XtsAes(key);
        var data = RandomNumberGenerator.GetBytes((5 * Unit) + 48);
        var whole = new byte[data.Length];
        xts.Encrypt(0, data, whole);
        Assert.Equal(ByDefinition(key, data), whole);
        foreach (var from in new[] { 0, 16, 32, Unit - 16, Unit, Unit + 16, (2 * Unit) - 16, (3 * Unit) + 160 })
        {
            foreach (var length in new[] { 16, 32, 48, Unit - 16, Unit, Unit + 16, 2 * Unit, (2 * Unit) + 16, data.Length - from }.Where(length => from + length <= data.Length))
            {
                var part = data.AsSpan(from, length).ToArray();
                xts.Encrypt(from, part, part);
                Assert.True(part.AsSpan().SequenceEqual(whole.AsSpan(from, length)), $"{from}+{length}");
                xts.Decrypt(from, part, part);
                Assert.True(part.AsSpan().SequenceEqual(data.AsSpan(from, length)), $"{from}+{length}");
            }
        }
    }

    [Fact]
    public void Blocks_of_zeros_are_holes_and_change_nothing_beside_them()
    {
        using var xts = new XtsAes(RandomNumberGenerator.GetBytes(XtsAes.KeyLength));
        var data = RandomNumberGenerator.GetBytes(3 * Unit);
        var encrypted = new byte[data.Length];
        xts.Encrypt(0, data, encrypted);
        foreach (var (from, length) in new[] { (0, 16), (160, 48), (Unit - 16, 32), (2 * Unit, Unit) })
        {
            encrypted.AsSpan(from, length).Clear();
            data.AsSpan(from, length).Clear();
        }

        encrypted.AsSpan(320, 15).Clear(); // nearly a hole
        var read = new byte[data.Length];
        xts.Decrypt(0, encrypted, read);
        Assert.False(read.AsSpan(320, 16).SequenceEqual(data.AsSpan(320, 16)));
        data.AsSpan(320, 16).CopyTo(read.AsSpan(320));
        Assert.Equal(data, read);
    }

    [Fact]
    public void Zeros_that_are_written_are_encrypted_like_everything()
    {
        using var xts = new XtsAes(RandomNumberGenerator.GetBytes(XtsAes.KeyLength));
        var encrypted = new byte[Unit];
        xts.Encrypt(0, new byte[Unit], encrypted);
        Assert.Equal(Unit / 16, encrypted.Chunk(16).Select(Convert.ToHexString).Distinct().Count());
        Assert.DoesNotContain(encrypted.Chunk(16), static block => block.All(static value => value == 0));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var xts = new XtsAes(RandomNumberGenerator.GetBytes(XtsAes.KeyLength));
        var data = new byte[1 << 16];
        xts.Encrypt(0, data, data);
        xts.Decrypt(0, data, data);
        var before = GC.GetAllocatedBytesForCurrentThread();
        xts.Encrypt(0, data, data);
        xts.Decrypt(0, data, data);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>IEEE 1619 5.3 to the letter, block by block.</summary>
    private static byte[] ByDefinition(byte[] key, byte[] data)
    {
        using var blocks = Aes.Create();
        blocks.Key = key[..32];
        using var tweaks = Aes.Create();
        tweaks.Key = key[32..];
        var result = new byte[data.Length];
        var tweak = new byte[16];
        for (var i = 0; i < data.Length; i += 16)
        {
            if (i % Unit == 0)
            {
                var number = new byte[16];
                BitConverter.TryWriteBytes(number, (long)(i / Unit));
                tweak = tweaks.EncryptEcb(number, PaddingMode.None);
            }

            var masked = data[i..(i + 16)].Zip(tweak, static (a, b) => (byte)(a ^ b)).ToArray();
            blocks.EncryptEcb(masked, PaddingMode.None).Zip(tweak, static (a, b) => (byte)(a ^ b)).ToArray().CopyTo(result, i);
            var carry = tweak[15] >> 7;
            for (var j = 15; j > 0; j--)
            {
                tweak[j] = (byte)((tweak[j] << 1) | (tweak[j - 1] >> 7));
            }

            tweak[0] = (byte)((tweak[0] << 1) ^ (carry * 0x87));
        }

        return result;
    }
}
