using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>NEGOTIATE up to some dialect, with every context that there is.</summary>
internal sealed class NegotiateGenerator(Source source)
{
    private readonly Chance _chance = source.Chance;

    public static Smb2Capabilities Capabilities(Smb2Dialect dialect) => dialect >= Smb2Dialect.Smb300
        ? Smb2Capabilities.Encryption | Smb2Capabilities.LargeMtu | Smb2Capabilities.MultiChannel | Smb2Capabilities.Leasing
            | Smb2Capabilities.DirectoryLeasing | Smb2Capabilities.PersistentHandles
        : Smb2Capabilities.None;

    public static Smb2Dialect[] DialectsUpTo(Smb2Dialect highest) =>
        [.. SmbTestClientOptions.AllDialects.Where(dialect => dialect <= highest)];

    public Message Next()
    {
        var highest = _chance.Of(
            Smb2Dialect.Smb311, Smb2Dialect.Smb311, Smb2Dialect.Smb311, Smb2Dialect.Smb302, Smb2Dialect.Smb300, Smb2Dialect.Smb210,
            Smb2Dialect.Smb202);
        var body = RequestBody.Negotiate(
            DialectsUpTo(highest),
            source.Client.ClientGuid,
            Smb2SecurityMode.SigningEnabled,
            Capabilities(highest),
            highest == Smb2Dialect.Smb311 ? WriteContexts : null);
        return new Message(source.NextNumber(), Smb2Command.Negotiate, body) { CreditsWanted = 1 };
    }

    private void WriteContexts(ref NegotiateContextWriter writer)
    {
        writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], _chance.Bytes(32));
        Smb2Cipher[] ciphers = [Smb2Cipher.Aes128Gcm, Smb2Cipher.Aes128Ccm, Smb2Cipher.Aes256Gcm, Smb2Cipher.Aes256Ccm];
        if (!_chance.OneIn(8))
        {
            writer.Encryption(_chance.OneIn(2) ? ciphers : [_chance.Of<Smb2Cipher>(ciphers)]);
        }

        Smb2SigningAlgorithm[] algorithms =
            [Smb2SigningAlgorithm.AesGmac, Smb2SigningAlgorithm.AesCmac, Smb2SigningAlgorithm.HmacSha256];
        if (!_chance.OneIn(4))
        {
            writer.Signing(_chance.OneIn(2) ? algorithms : [_chance.Of<Smb2SigningAlgorithm>(algorithms)]);
        }

        if (_chance.OneIn(2))
        {
            writer.Posix();
        }

        if (_chance.OneIn(2))
        {
            writer.NetName("server.example");
        }
    }
}
