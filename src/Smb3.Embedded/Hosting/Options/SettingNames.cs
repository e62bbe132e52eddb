namespace Smb3.Embedded.Hosting.Options;

/// <summary>The enumerated settings.</summary>
internal static class SettingNames
{
    public static SettingWords<SmbDialect> Dialects { get; } = new(
        ("2.0.2", SmbDialect.Smb202), ("2.1", SmbDialect.Smb21), ("3.0", SmbDialect.Smb30), ("3.0.2", SmbDialect.Smb302),
        ("3.1.1", SmbDialect.Smb311));

    public static SettingWords<SmbCipher> Ciphers { get; } = new(
        ("AES-128-GCM", SmbCipher.Aes128Gcm), ("AES-256-GCM", SmbCipher.Aes256Gcm), ("AES-128-CCM", SmbCipher.Aes128Ccm),
        ("AES-256-CCM", SmbCipher.Aes256Ccm));

    public static SettingWords<SmbSigningAlgorithm> SigningAlgorithms { get; } = new(
        ("AES-GMAC", SmbSigningAlgorithm.AesGmac), ("AES-CMAC", SmbSigningAlgorithm.AesCmac),
        ("HMAC-SHA256", SmbSigningAlgorithm.HmacSha256));

    public static SettingWords<SmbEncryption> Encryption { get; } = new(
        ("off", SmbEncryption.Off), ("auto", SmbEncryption.Auto), ("required", SmbEncryption.Required));

    public static SettingWords<SmbSigning> Signing { get; } = new(("auto", SmbSigning.Auto), ("required", SmbSigning.Required));

    public static SettingWords<SmbLocalPrograms> LocalPrograms { get; } = new(
        ("noticed", SmbLocalPrograms.Noticed), ("awaited", SmbLocalPrograms.Awaited), ("ignored", SmbLocalPrograms.Ignored));

    public static SettingWords<SmbReferralPriorityClass> PriorityClasses { get; } = new(
        ("global-high", SmbReferralPriorityClass.GlobalHigh), ("sitecost-high", SmbReferralPriorityClass.SiteCostHigh),
        ("sitecost-normal", SmbReferralPriorityClass.SiteCostNormal), ("sitecost-low", SmbReferralPriorityClass.SiteCostLow),
        ("global-low", SmbReferralPriorityClass.GlobalLow));

    public static SettingWords<SmbShareAccess> ShareAccess { get; } = new(
        ("none", SmbShareAccess.None), ("read", SmbShareAccess.Read), ("change", SmbShareAccess.Change), ("full", SmbShareAccess.Full));
}
