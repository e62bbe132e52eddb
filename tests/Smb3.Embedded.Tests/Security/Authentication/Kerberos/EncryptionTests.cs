using System.Text;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication.Kerberos;

/// <summary>The test vectors of RFC 3961, RFC 3962 and RFC 8009, and what every type must do.</summary>
public sealed class EncryptionTests
{
    private const string ChickenTeriyaki = "636869636B656E207465726979616B69";
    private const string Key128 = "3705D96080C17728A0E800EAB6E0D23C";
    private const string Key256 = "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52";

    public static TheoryData<int> Types => [.. new[] { 17, 18, 19, 20, 23 }];

    [Theory] // RFC 3961 A.1
    [InlineData("012345", "BE072631276B1955")]
    [InlineData("password", "78A07B6CAF85FA")]
    [InlineData("Rough Consensus, and Running Code", "BB6ED30870B7F0E0")]
    [InlineData("password", "59E4A8CA7C0385C3C37B3F6D2000247CB6E6BD5B3E")]
    [InlineData("MASSACHVSETTS INSTITVTE OF TECHNOLOGY", "DB3B0D8F0B061E603282B308A50841229AD798FAB9540C1B")]
    [InlineData("Q", "518A54A215A8452A518A54A215A8452A518A54A215")]
    [InlineData("ba", "FB25D531AE8974499F52FD92EA9857C4BA24CF297E")]
    [InlineData("kerberos", "6B65726265726F737B9B5B2B93132B93")]
    public void Folds(string input, string expected)
    {
        var output = new byte[expected.Length / 2];
        Folding.Fold(Encoding.ASCII.GetBytes(input), output);
        Assert.Equal(expected, Convert.ToHexString(output));
    }

    [Theory] // RFC 3962 appendix B
    [InlineData(17, "C6353568F2BF8CB4D8A580362DA7FF7F97")]
    [InlineData(31, "FC00783E0EFDB2C1D445D4C8EFF7ED2297687268D6ECCCC0C07B25E25ECFE5")]
    [InlineData(32, "39312523A78662D5BE7FCBCC98EBF5A897687268D6ECCCC0C07B25E25ECFE584")]
    [InlineData(47, "97687268D6ECCCC0C07B25E25ECFE584B3FFFD940C16A18C1B5549D2F838029E39312523A78662D5BE7FCBCC98EBF5")]
    [InlineData(48, "97687268D6ECCCC0C07B25E25ECFE5849DAD8BBB96C4CDC03BC103E1A194BBD839312523A78662D5BE7FCBCC98EBF5A8")]
    [InlineData(64, "97687268D6ECCCC0C07B25E25ECFE58439312523A78662D5BE7FCBCC98EBF5A84807EFE836EE89A526730DBC2F7BC8409DAD8BBB96C4CDC03BC103E1A194BBD8")]
    public void Steals(int length, string expected)
    {
        var plain = Encoding.ASCII.GetBytes("I would like the General Gau's Chicken, please, and wonton soup.")[..length];
        var cipher = new byte[length];
        CipherStealing.Encrypt(Convert.FromHexString(ChickenTeriyaki), plain, cipher);
        Assert.Equal(expected, Convert.ToHexString(cipher));
        var back = new byte[length];
        CipherStealing.Decrypt(Convert.FromHexString(ChickenTeriyaki), cipher, back);
        Assert.Equal(plain, back);
    }

    [Theory] // RFC 8009 appendix A
    [InlineData(19, Key128, "D78367186643D67B411CBA9139FC1DEE")]
    [InlineData(20, Key256, "45EE791567EEFCA37F4AC1E0222DE80D43C3BFA06699672A")]
    public void Signs(int type, string key, string expected)
    {
        var profile = EncryptionProfile.Of((EncryptionType)type)!;
        var checksum = new byte[profile.ChecksumSize];
        profile.Sign(Convert.FromHexString(key), KeyUsage.Ticket, [.. Enumerable.Range(0, 21).Select(i => (byte)i)], checksum);
        Assert.Equal(expected, Convert.ToHexString(checksum));
    }

    [Theory] // RFC 8009 appendix A: confounder, plaintext, ciphertext
    [InlineData(19, Key128, "7E5895EAF2672435BAD817F545A37148", "", "EF85FB890BB8472F4DAB20394DCA781DAD877EDA39D50C870C0D5A0A8E48C718")]
    [InlineData(19, Key128, "7BCA285E2FD4130FB55B1A5C83BC5B24", "000102030405", "84D7F30754ED987BAB0BF3506BEB09CFB55402CEF7E6877CE99E247E52D16ED4421DFDF8976C")]
    [InlineData(20, Key256, "F764E9FA15C276478B2C7D0C4E5F58E4", "", "41F53FA5BFE7026D91FAF9BE959195A058707273A96A40F0A01960621AC612748B9BBFBE7EB4CE3C")]
    public void Encrypts(int type, string key, string confounder, string plain, string cipher)
    {
        var profile = (AesProfile)EncryptionProfile.Of((EncryptionType)type)!;
        Assert.Equal(cipher, Convert.ToHexString(profile.Encrypt(Convert.FromHexString(key), KeyUsage.Ticket, Convert.FromHexString(confounder + plain))));
        Assert.Equal(plain, Convert.ToHexString(profile.Decrypt(Convert.FromHexString(key), KeyUsage.Ticket, Convert.FromHexString(cipher))!));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_was_encrypted_comes_back_with_its_key_and_usage_alone(int type)
    {
        using var key = KerberosKey.Generate(EncryptionProfile.Of((EncryptionType)type)!);
        using var other = KerberosKey.Generate(key.Profile);
        for (var length = 0; length < 70; length++)
        {
            var plain = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
            var cipher = key.Encrypt(KeyUsage.Ticket, plain);
            Assert.Equal(length + key.Profile.Overhead, cipher.Length);
            Assert.Equal(plain, key.Decrypt(KeyUsage.Ticket, cipher));
            Assert.Null(key.Decrypt(KeyUsage.ApReply, cipher));
            Assert.Null(other.Decrypt(KeyUsage.Ticket, cipher));
            cipher[length % cipher.Length] ^= 1;
            Assert.Null(key.Decrypt(KeyUsage.Ticket, cipher));
        }

        for (var length = 0; length < key.Profile.Overhead; length++)
        {
            Assert.Null(key.Decrypt(KeyUsage.Ticket, new byte[length]));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_checksum_is_of_its_key_usage_and_data(int type)
    {
        using var key = KerberosKey.Generate(EncryptionProfile.Of((EncryptionType)type)!);
        var checksum = new byte[key.Profile.ChecksumSize];
        key.Sign(KeyUsage.Pac, [1, 2, 3], checksum);
        Assert.True(key.Verify(KeyUsage.Pac, [1, 2, 3], checksum));
        Assert.False(key.Verify(KeyUsage.Pac, [1, 2, 4], checksum));
        Assert.False(key.Verify(KeyUsage.AcceptorSign, [1, 2, 3], checksum));
        Assert.False(key.Verify(KeyUsage.Pac, [1, 2, 3], checksum.AsSpan(1)));
        Assert.Same(key.Profile, EncryptionProfile.OfChecksum(key.Profile.ChecksumType));
    }

    [Fact]
    public void A_key_of_another_length_or_type_is_none()
    {
        Assert.Null(KerberosKey.Create(EncryptionType.Aes256Sha1, new byte[31]));
        Assert.Null(KerberosKey.Create((EncryptionType)3, new byte[8]));
    }
}
