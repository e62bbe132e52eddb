using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;
using static Smb3.Embedded.Tests.Security.PublishedExchange;

namespace Smb3.Embedded.Tests.Security.Cryptography;

public class KeyDerivationTests
{
    [Fact]
    public void Smb30KeysAreThePublishedOnes()
    {
        // The publication names them as the client does: its EncryptionKey is for what goes to the server.
        using var keys = SessionKeys.Derive(
            Smb2Dialect.Smb300, Hex("7CD451825D0450D235424E44BA6E78CC"), Smb2Cipher.Aes128Ccm, default);
        Assert.Equal("0B7E9C5CAC36C0F6EA9AB275298CEDCE", Convert.ToHexString(keys.SigningKey));
        Assert.Equal("FAD27796665B313EBB578F388632B4F7", Convert.ToHexString(keys.ClientToServerKey));
        Assert.Equal("B0F0427F7CEB416D1D9DCC0CD4F99447", Convert.ToHexString(keys.ServerToClientKey));
        Assert.Equal("BB23A4575AA26C721AF525AF15A87B4F", Convert.ToHexString(keys.ApplicationKey));
    }

    [Fact]
    public void ThePreauthHashFollowsThePublishedExchangeAndGivesItsKeys()
    {
        var hash = default(PreauthIntegrityHash);
        foreach (var (message, after) in Chain)
        {
            hash.Update(Hex(message));
            Assert.Equal(after, Convert.ToHexString(hash.Bytes));
        }

        using var keys = SessionKeys.Derive(Smb2Dialect.Smb311, Hex(SessionKey), Smb2Cipher.Aes128Gcm, hash.Bytes);
        Assert.Equal(SigningKey, Convert.ToHexString(keys.SigningKey));
        Assert.Equal("629BCBC54422A0F572B97F45989B6073", Convert.ToHexString(keys.ClientToServerKey));
        Assert.Equal("E2AF0DCEFAC68DA71A0DFBD0D1350D74", Convert.ToHexString(keys.ServerToClientKey));
        Assert.Equal("6D7AD7954E9EC61E907B4D473DC178FF", Convert.ToHexString(keys.ApplicationKey));
    }

    [Fact]
    public void AnAssignedPreauthHashGoesItsOwnWay()
    {
        var connection = default(PreauthIntegrityHash);
        connection.Update([1, 2, 3]);
        var before = Convert.ToHexString(connection.Bytes);
        var session = connection;
        session.Update([4]);
        Assert.Equal(before, Convert.ToHexString(connection.Bytes));
        Assert.NotEqual(before, Convert.ToHexString(session.Bytes));
    }

    [Fact]
    public void BelowSmb30TheSessionKeySignsAndNothingEncrypts()
    {
        using var keys = SessionKeys.Derive(Smb2Dialect.Smb210, Hex(SessionKey), Smb2Cipher.Aes128Gcm, default);
        Assert.Equal(SessionKey, Convert.ToHexString(keys.SigningKey));
        Assert.Equal(SessionKey, Convert.ToHexString(keys.ApplicationKey));
        Assert.True(keys.ClientToServerKey.IsEmpty);
        Assert.True(keys.ServerToClientKey.IsEmpty);
    }

    [Fact]
    public void Aes256TakesTheFullSessionKeyAndGives32Bytes()
    {
        var full = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var preauth = new byte[PreauthIntegrityHash.Size];
        using var keys256 = SessionKeys.Derive(Smb2Dialect.Smb311, full, Smb2Cipher.Aes256Gcm, preauth);
        using var keys128 = SessionKeys.Derive(Smb2Dialect.Smb311, full, Smb2Cipher.Aes128Gcm, preauth);
        Assert.Equal(keys128.SigningKey, keys256.SigningKey);
        Assert.Equal(32, keys256.ClientToServerKey.Length);

        var expected = new byte[32];
        KeyDerivation.Derive(full, "SMBC2SCipherKey\0"u8, preauth, expected);
        Assert.Equal(expected, keys256.ClientToServerKey);
        Assert.NotEqual(keys128.ClientToServerKey.ToArray(), keys256.ClientToServerKey[..16].ToArray());
    }

    [Fact]
    public void KeysAreZeroAfterDispose()
    {
        var keys = SessionKeys.Derive(Smb2Dialect.Smb300, Hex(SessionKey), Smb2Cipher.Aes128Ccm, default);
        keys.Dispose();
        Assert.False(keys.SessionKey.ContainsAnyExcept((byte)0));
        Assert.False(keys.SigningKey.ContainsAnyExcept((byte)0));
        Assert.False(keys.ServerToClientKey.ContainsAnyExcept((byte)0));
    }
}
