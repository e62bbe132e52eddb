using System.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// Everything that is derived from the key of one authentication (MS-SMB2 3.3.5.5.3). A session has one set; a channel bound
/// to it has a set of its own, of which only the signing key is used. Zeroed on <see cref="Dispose"/>.
/// </summary>
internal sealed class SessionKeys : IDisposable
{
    private const int LargestKey = 32;
    private const int Session = 0;
    private const int Signing = KeyDerivation.KeySize;
    private const int Application = 2 * KeyDerivation.KeySize;
    private const int ClientToServer = 3 * KeyDerivation.KeySize;
    private const int ServerToClient = ClientToServer + LargestKey;

    // Pinned, so that the collector leaves no copies behind when it moves objects.
    private readonly byte[] _keys = GC.AllocateArray<byte>(ServerToClient + LargestKey, pinned: true);
    private readonly int _cipherKeySize;

    private SessionKeys(int cipherKeySize) => _cipherKeySize = cipherKeySize;

    /// <summary>Session.SessionKey: the first 16 bytes of the authentication's key, padded with zeros.</summary>
    public ReadOnlySpan<byte> SessionKey => _keys.AsSpan(Session, KeyDerivation.KeySize);

    /// <summary>Below SMB 3.0 the session key itself.</summary>
    public ReadOnlySpan<byte> SigningKey => _keys.AsSpan(Signing, KeyDerivation.KeySize);

    /// <summary>What DCE/RPC and other users above SMB get; below SMB 3.0 the session key itself.</summary>
    public ReadOnlySpan<byte> ApplicationKey => _keys.AsSpan(Application, KeyDerivation.KeySize);

    /// <summary>Opens what the client sends ("DecryptionKey" of the server); empty where the dialect cannot encrypt.</summary>
    public ReadOnlySpan<byte> ClientToServerKey => _keys.AsSpan(ClientToServer, _cipherKeySize);

    /// <summary>Seals what the server sends ("EncryptionKey" of the server); empty where the dialect cannot encrypt.</summary>
    public ReadOnlySpan<byte> ServerToClientKey => _keys.AsSpan(ServerToClient, _cipherKeySize);

    /// <param name="dialect">The connection's dialect.</param>
    /// <param name="fullSessionKey">The authentication's key in full length; the AES-256 ciphers use all of it.</param>
    /// <param name="cipher">The negotiated cipher; with <see cref="Smb2Cipher.None"/> no cipher keys are derived.</param>
    /// <param name="preauthHash">SMB 3.1.1: the session's preauth integrity hash, the final request included. Else unused.</param>
    public static SessionKeys Derive(
        Smb2Dialect dialect,
        ReadOnlySpan<byte> fullSessionKey,
        Smb2Cipher cipher,
        ReadOnlySpan<byte> preauthHash)
    {
        var canEncrypt = dialect >= Smb2Dialect.Smb300;
        var keys = new SessionKeys(canEncrypt ? MessageSealer.KeySizeOf(cipher) : 0);
        var all = keys._keys.AsSpan();
        fullSessionKey[..Math.Min(fullSessionKey.Length, KeyDerivation.KeySize)].CopyTo(all[Session..]);
        var signing = all.Slice(Signing, KeyDerivation.KeySize);
        var application = all.Slice(Application, KeyDerivation.KeySize);
        if (dialect < Smb2Dialect.Smb300)
        {
            keys.SessionKey.CopyTo(signing);
            keys.SessionKey.CopyTo(application);
            return keys;
        }

        KeyDerivation.Derive(
            keys.SessionKey, KeyDerivation.SigningLabel(dialect), KeyDerivation.SigningContext(dialect, preauthHash), signing);
        KeyDerivation.Derive(
            keys.SessionKey, KeyDerivation.ApplicationLabel(dialect), KeyDerivation.ApplicationContext(dialect, preauthHash), application);

        if (keys._cipherKeySize != 0)
        {
            // MS-SMB2 3.3.5.5.3: AES-256 takes Session.FullSessionKey, everything else Session.SessionKey.
            var source = keys._cipherKeySize > KeyDerivation.KeySize ? fullSessionKey : keys.SessionKey;
            KeyDerivation.Derive(
                source,
                KeyDerivation.ClientToServerLabel(dialect),
                KeyDerivation.ClientToServerContext(dialect, preauthHash),
                all.Slice(ClientToServer, keys._cipherKeySize));
            KeyDerivation.Derive(
                source,
                KeyDerivation.ServerToClientLabel(dialect),
                KeyDerivation.ServerToClientContext(dialect, preauthHash),
                all.Slice(ServerToClient, keys._cipherKeySize));
        }

        return keys;
    }

    /// <summary>The algorithm that signs where none was negotiated (MS-SMB2 3.1.4.1).</summary>
    public static Smb2SigningAlgorithm DefaultSigning(Smb2Dialect dialect) =>
        dialect >= Smb2Dialect.Smb300 ? Smb2SigningAlgorithm.AesCmac : Smb2SigningAlgorithm.HmacSha256;

    public MessageSigner CreateSigner(Smb2SigningAlgorithm algorithm) => MessageSigner.Create(algorithm, SigningKey);

    /// <summary>The server's end: seals towards the client and opens what the client sealed. One per session, never two.</summary>
    public MessageSealer CreateServerSealer(Smb2Cipher cipher, RandomNumberGenerator random) =>
        MessageSealer.Create(cipher, ServerToClientKey, ClientToServerKey, random);

    /// <summary>The client's end, for test clients.</summary>
    public MessageSealer CreateClientSealer(Smb2Cipher cipher, RandomNumberGenerator random) =>
        MessageSealer.Create(cipher, ClientToServerKey, ServerToClientKey, random);

    public void Dispose() => CryptographicOperations.ZeroMemory(_keys);
}
