using System.Security.Cryptography;
using System.Text;
using Smb3.Embedded.Security.Cryptography;
using Xunit;
using static Smb3.Embedded.Tests.Security.PublishedExchange;

namespace Smb3.Embedded.Tests.Security.Cryptography;

public class PrimitiveTests
{
    private const string Rfc4493Key = "2B7E151628AED2A6ABF7158809CF4F3C";

    private const string Rfc4493Message = "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"
        + "30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710";

    [Theory] // RFC 4493 4
    [InlineData(0, "BB1D6929E95937287FA37D129B756746")]
    [InlineData(16, "070A16B46B4D4144F79BDD9DD04A287C")]
    [InlineData(40, "DFA66747DE9AE63030CA32611497C827")]
    [InlineData(64, "51F0BEBF7E3B9D92FC49741779363CFE")]
    public void AesCmacGivesTheVectorsOfRfc4493(int length, string expected)
    {
        var message = Hex(Rfc4493Message)[..length];
        foreach (var cmac in AllCmacs(Hex(Rfc4493Key)))
        {
            using (cmac)
            {
                var mac = new byte[16];
                cmac.Compute(message, mac);
                Assert.Equal(expected, Convert.ToHexString(mac));
            }
        }
    }

    [Fact]
    public void BothAesCmacsAgreeOnEveryLength()
    {
        var random = new Random(1);
        var message = new byte[100_003];
        random.NextBytes(message);
        int[] lengths = [.. Enumerable.Range(0, 130), 32767, 32768, 32769, 65536, 65552, message.Length];
        foreach (var length in lengths)
        {
            var macs = AllCmacs(message.AsSpan(0, 16)).Select(cmac =>
            {
                using (cmac)
                {
                    var mac = new byte[16];
                    cmac.Compute(message.AsSpan(0, length), mac);
                    return Convert.ToHexString(mac);
                }
            });
            Assert.Single(macs.Distinct());
        }
    }

    [Theory] // RFC 1320 appendix A.5
    [InlineData("", "31D6CFE0D16AE931B73C59D7E0C089C0")]
    [InlineData("a", "BDE52CB31DE33E46245E05FBDBD6FB24")]
    [InlineData("abc", "A448017AAF21D8525FC10AE87AA6729D")]
    [InlineData("message digest", "D9130A8164549FE818874806E1C7014B")]
    [InlineData("abcdefghijklmnopqrstuvwxyz", "D79E1C308AA5BBCDEEA8ED63DF412DA9")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "043F8582F241DB351CE627E153E7F0E4")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890", "E33B4DDC9C38F2199C3E7B164FCC0536")]
    public void Md4GivesTheVectorsOfRfc1320(string text, string expected)
    {
        var hash = new byte[Md4.HashSize];
        Md4.HashData(Encoding.ASCII.GetBytes(text), hash);
        Assert.Equal(expected, Convert.ToHexString(hash));
    }

    [Theory] // RFC 6229 2
    [InlineData("0102030405", "B2396305F03DC027CCC3524A0A1118A86982944F18FC82D589C403A47A0D0919")]
    [InlineData("0102030405060708090A0B0C0D0E0F10", "9AC7CC9A609D1EF7B2932899CDE41B97")]
    public void Rc4GivesTheKeyStreamsOfRfc6229(string key, string expected)
    {
        var stream = new byte[expected.Length / 2];
        Rc4.Transform(Hex(key), stream, stream);
        Assert.Equal(expected, Convert.ToHexString(stream));
    }

    [Fact]
    public void ExactlyOneCallerIsToldToRelease()
    {
        var rundown = default(RundownProtection);
        Assert.True(rundown.TryEnter());
        Assert.True(rundown.TryEnter());
        Assert.False(rundown.Exit());
        Assert.False(rundown.Close());
        Assert.False(rundown.TryEnter());
        Assert.True(rundown.Exit());
        Assert.False(rundown.Close());

        var idle = default(RundownProtection);
        Assert.True(idle.Close());
        Assert.False(idle.Close());
    }

    private static List<AesCmac> AllCmacs(ReadOnlySpan<byte> key)
    {
        List<AesCmac> all = [new PortableAesCmac(key)];
        if (X86AesCmac.IsSupported)
        {
            all.Add(new X86AesCmac(key));
        }

        return all;
    }
}
