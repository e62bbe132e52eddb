using System.Diagnostics.CodeAnalysis;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>The names of the values of every enumerated setting, as configuration and the command line write them.</summary>
internal sealed class SettingNames<T>
    where T : struct, Enum
{
    private readonly (string Text, T Value)[] _names;

    public SettingNames(params (string Text, T Value)[] names) => _names = names;

    /// <summary>All the names, for a message.</summary>
    public string All => string.Join(", ", _names.Select(name => name.Text));

    public bool TryParse([NotNullWhen(true)] string? text, out T value)
    {
        foreach (var name in _names)
        {
            if (string.Equals(name.Text, text?.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                value = name.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    public string TextOf(T value)
    {
        foreach (var name in _names)
        {
            if (EqualityComparer<T>.Default.Equals(name.Value, value))
            {
                return name.Text;
            }
        }

        return value.ToString();
    }

    public bool Contains(T value) => _names.Any(name => EqualityComparer<T>.Default.Equals(name.Value, value));
}

/// <summary>The enumerated settings.</summary>
internal static class SettingNames
{
    public static SettingNames<SmbDialect> Dialects { get; } = new(
        ("2.0.2", SmbDialect.Smb202), ("2.1", SmbDialect.Smb21), ("3.0", SmbDialect.Smb30), ("3.0.2", SmbDialect.Smb302),
        ("3.1.1", SmbDialect.Smb311));

    public static SettingNames<SmbCipher> Ciphers { get; } = new(
        ("AES-128-GCM", SmbCipher.Aes128Gcm), ("AES-256-GCM", SmbCipher.Aes256Gcm), ("AES-128-CCM", SmbCipher.Aes128Ccm),
        ("AES-256-CCM", SmbCipher.Aes256Ccm));

    public static SettingNames<SmbSigningAlgorithm> SigningAlgorithms { get; } = new(
        ("AES-GMAC", SmbSigningAlgorithm.AesGmac), ("AES-CMAC", SmbSigningAlgorithm.AesCmac),
        ("HMAC-SHA256", SmbSigningAlgorithm.HmacSha256));

    public static SettingNames<SmbEncryption> Encryption { get; } = new(
        ("off", SmbEncryption.Off), ("auto", SmbEncryption.Auto), ("required", SmbEncryption.Required));

    public static SettingNames<SmbSigning> Signing { get; } = new(("auto", SmbSigning.Auto), ("required", SmbSigning.Required));

    public static SettingNames<SmbLocalPrograms> LocalPrograms { get; } = new(
        ("noticed", SmbLocalPrograms.Noticed), ("awaited", SmbLocalPrograms.Awaited), ("ignored", SmbLocalPrograms.Ignored));

    public static SettingNames<SmbReferralPriorityClass> PriorityClasses { get; } = new(
        ("global-high", SmbReferralPriorityClass.GlobalHigh), ("sitecost-high", SmbReferralPriorityClass.SiteCostHigh),
        ("sitecost-normal", SmbReferralPriorityClass.SiteCostNormal), ("sitecost-low", SmbReferralPriorityClass.SiteCostLow),
        ("global-low", SmbReferralPriorityClass.GlobalLow));

    public static SettingNames<SmbShareAccess> ShareAccess { get; } = new(
        ("none", SmbShareAccess.None), ("read", SmbShareAccess.Read), ("change", SmbShareAccess.Change), ("full", SmbShareAccess.Full));
}
