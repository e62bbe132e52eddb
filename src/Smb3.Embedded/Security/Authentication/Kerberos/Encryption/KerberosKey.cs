using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>A key and the type that it is for. Disposing zeroes it.</summary>
internal sealed class KerberosKey : IDisposable
{
    private readonly byte[] _value;

    private KerberosKey(EncryptionProfile profile, ReadOnlySpan<byte> value)
    {
        Profile = profile;
        _value = GC.AllocateArray<byte>(value.Length, pinned: true);
        value.CopyTo(_value);
    }

    public EncryptionProfile Profile { get; }

    public ReadOnlySpan<byte> Value => _value;

    /// <summary>Null when the type is not known here, or the key is not as long as its keys are.</summary>
    public static KerberosKey? Create(EncryptionType type, ReadOnlySpan<byte> value) =>
        EncryptionProfile.Of(type) is { } profile && profile.KeySize == value.Length ? new KerberosKey(profile, value) : null;

    /// <summary>A new one.</summary>
    public static KerberosKey Generate(EncryptionProfile profile)
    {
        Span<byte> value = stackalloc byte[profile.KeySize];
        RandomNumberGenerator.Fill(value);
        var key = new KerberosKey(profile, value);
        CryptographicOperations.ZeroMemory(value);
        return key;
    }

    public byte[] Encrypt(KeyUsage usage, ReadOnlySpan<byte> plain) => Profile.Encrypt(_value, usage, plain);

    public byte[]? Decrypt(KeyUsage usage, ReadOnlySpan<byte> cipher) => Profile.Decrypt(_value, usage, cipher);

    public void Sign(KeyUsage usage, ReadOnlySpan<byte> data, Span<byte> checksum) => Profile.Sign(_value, usage, data, checksum);

    public bool Verify(KeyUsage usage, ReadOnlySpan<byte> data, ReadOnlySpan<byte> checksum) =>
        Profile.Verify(_value, usage, data, checksum);

    public void Dispose() => CryptographicOperations.ZeroMemory(_value);
}
