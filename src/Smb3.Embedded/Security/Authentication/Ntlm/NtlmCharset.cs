using System.Text;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// The character set of an exchange's names (MS-NLMP 2.2.2.5, bits A and B): UTF-16 if the client supports it, else the OEM character set.
/// NTLM does not say which code page that is; Windows takes its own machine's. Code page 850 has every Latin letter of 437, at the same
/// place, and those that 437 lacks, so it reads the names of both kinds of client. The attributes of a CHALLENGE are always UTF-16.
/// </summary>
internal static class NtlmCharset
{
    private static readonly OemEncoding Oem = new();

    public static Encoding Of(NtlmFlags negotiated) => (negotiated & NtlmFlags.Unicode) != 0 ? Encoding.Unicode : Oem;
}
