using System.Globalization;
using System.Text;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Winbind;

/// <summary>
/// The protocol <c>ntlm-server-1</c> of <c>ntlm_auth</c> (its manual page, "ntlm-server-1"): lines of <c>key: value</c>, or <c>key:: base64</c>, and a
/// line with a full stop.
/// </summary>
internal static class LogonHelper
{
    public const string End = ".";

    // What winbind says, by the words that it has for each status.
    private static readonly (string Words, NtStatus Status)[] Reasons =
    [
        ("current password is not correct", NtStatus.WrongPassword),
        ("NT_STATUS_WRONG_PASSWORD", NtStatus.WrongPassword),
        ("specified account does not exist", NtStatus.NoSuchUser),
        ("NT_STATUS_NO_SUCH_USER", NtStatus.NoSuchUser),
        ("attempted logon is invalid", NtStatus.LogonFailure),
        ("NT_STATUS_LOGON_FAILURE", NtStatus.LogonFailure),
        ("currently disabled", NtStatus.AccountDisabled),
        ("automatically locked", NtStatus.AccountLockedOut),
        ("password has expired", NtStatus.PasswordExpired),
        ("no logon servers", NtStatus.NoLogonServers),
    ];

    /// <summary>The question. All names are in base64: a client's own must not begin a line.</summary>
    public static string Request(SmbDomainLogon logon) => string.Create(
        CultureInfo.InvariantCulture,
        $"Request-User-Session-Key: Yes\nLANMAN-Challenge: {Convert.ToHexString(logon.ServerChallenge.Span)}\n"
            + $"NT-Response: {Convert.ToHexString(logon.NtResponse.Span)}\nUsername:: {Encode(logon.UserName)}\nNT-Domain:: {Encode(logon.DomainName)}\n{End}\n");

    /// <summary>The status, and with a success the session key.</summary>
    /// <exception cref="WinbindException">It is no answer to the question.</exception>
    public static NtStatus ReadAnswer(IReadOnlyList<string> lines, out byte[] key)
    {
        key = [];
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines)
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0)
            {
                values.TryAdd(line[..colon], line[(colon + 2)..]);
            }
        }

        if (!values.TryGetValue("Authenticated", out var isAuthenticated))
        {
            throw new WinbindException($"ntlm_auth says: {string.Join("; ", lines)}");
        }

        if (isAuthenticated != "Yes")
        {
            var reason = values.GetValueOrDefault("Authentication-Error", string.Empty);
            return Array.Find(Reasons, known => reason.Contains(known.Words, StringComparison.OrdinalIgnoreCase)) is { Words: not null } found ? found.Status
                : reason.Contains("winbind", StringComparison.OrdinalIgnoreCase) ? throw new WinbindException($"ntlm_auth says: {reason}")
                : NtStatus.AccountRestriction;
        }

        const int KeySize = 16;
        try
        {
            key = Convert.FromHexString(values.GetValueOrDefault("User-Session-Key", string.Empty));
        }
        catch (FormatException)
        {
            key = [];
        }

        return key.Length == KeySize ? NtStatus.Success : throw new WinbindException("ntlm_auth has accepted a logon without telling its key.");
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
