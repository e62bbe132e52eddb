using System.Globalization;
using System.Text;

namespace Smb3.Embedded.Ldap;

/// <summary>Values in search filters (RFC 4515 3): nothing that a client sends can end one and begin another.</summary>
internal static class LdapFilter
{
    /// <summary>Text, with everything escaped that is not a plain letter or digit.</summary>
    public static string Escape(string text) => Escape(Encoding.UTF8.GetBytes(text), keepPlain: true);

    /// <summary>Bytes, such as a SID's.</summary>
    public static string Escape(ReadOnlySpan<byte> bytes) => Escape(bytes, keepPlain: false);

    private static string Escape(ReadOnlySpan<byte> bytes, bool keepPlain)
    {
        var escaped = new StringBuilder();
        foreach (var value in bytes)
        {
            if (keepPlain && char.IsAsciiLetterOrDigit((char)value))
            {
                escaped.Append((char)value);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\{value:x2}");
            }
        }

        return escaped.ToString();
    }
}
