using System.Globalization;
using System.Net;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>Values as configuration writes them.</summary>
internal static class SettingText
{
    public static string Of(object value) => value switch
    {
        SmbDialect dialect => SettingNames.Dialects.TextOf(dialect),
        SmbCipher cipher => SettingNames.Ciphers.TextOf(cipher),
        SmbSigningAlgorithm algorithm => SettingNames.SigningAlgorithms.TextOf(algorithm),
        SmbEncryption encryption => SettingNames.Encryption.TextOf(encryption),
        SmbSigning signing => SettingNames.Signing.TextOf(signing),
        SmbLocalPrograms programs => SettingNames.LocalPrograms.TextOf(programs),
        SmbReferralPriorityClass priority => SettingNames.PriorityClasses.TextOf(priority),
        SmbShareAccess access => SettingNames.ShareAccess.TextOf(access),
        TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
        LdapSchema schema => schema.ToString(),
        IPEndPoint or IPAddress or string => value.ToString()!,
        _ => throw new InvalidOperationException($"How does configuration write a {value.GetType().Name}?"),
    };

    /// <summary>All values of an enumeration that configuration knows, in the order in which its messages name them.</summary>
    public static string[] AllOf(Type enumeration) => enumeration.Name switch
    {
        nameof(SmbDialect) => SettingNames.Dialects.All.Split(", "),
        nameof(SmbCipher) => SettingNames.Ciphers.All.Split(", "),
        nameof(SmbSigningAlgorithm) => SettingNames.SigningAlgorithms.All.Split(", "),
        nameof(SmbEncryption) => SettingNames.Encryption.All.Split(", "),
        nameof(SmbSigning) => SettingNames.Signing.All.Split(", "),
        nameof(SmbLocalPrograms) => SettingNames.LocalPrograms.All.Split(", "),
        nameof(SmbReferralPriorityClass) => SettingNames.PriorityClasses.All.Split(", "),
        nameof(SmbShareAccess) => SettingNames.ShareAccess.All.Split(", "),
        nameof(LdapSchema) => Enum.GetNames<LdapSchema>(),
        _ => throw new InvalidOperationException($"What can a {enumeration.Name} be?"),
    };
}
