using System.Text;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3), with every field checked.
/// <code>
///  0 Signature (8)    8 MessageType 3    12 LmResponse (8)   20 NtResponse (8)   28 Domain (8)   36 User (8)
/// 44 Workstation (8)  52 EncryptedRandomSessionKey (8)   60 Flags   64 Version (8)   72 MIC (16)   88 payload
/// </code>
/// Version and MIC are there only where the client has something to put in.
/// </summary>
internal readonly struct NtlmAuthenticateMessage
{
    public const int LmResponseOffset = 12;
    public const int NtResponseOffset = 20;
    public const int DomainOffset = 28;
    public const int UserOffset = 36;
    public const int WorkstationOffset = 44;
    public const int SessionKeyOffset = 52;
    public const int FlagsOffset = 60;
    public const int VersionOffset = 64;
    public const int MicOffset = 72;
    public const int MicSize = 16;
    public const int PayloadOffset = MicOffset + MicSize;

    private const int MinimumSize = VersionOffset;

    /// <summary>In bytes of UTF-16: more than any account, domain or machine has, and little to remember.</summary>
    private const int LongestName = 512;

    private readonly ReadOnlyMemory<byte> _message;
    private readonly Range _lmResponse;
    private readonly Range _ntResponse;
    private readonly Range _sessionKey;

    private NtlmAuthenticateMessage(
        ReadOnlyMemory<byte> message, Range lmResponse, Range ntResponse, Range sessionKey, string domain, string user, string workstation)
    {
        _message = message;
        _lmResponse = lmResponse;
        _ntResponse = ntResponse;
        _sessionKey = sessionKey;
        DomainName = domain;
        UserName = user;
        WorkstationName = workstation;
    }

    public ReadOnlySpan<byte> Message => _message.Span;

    public ReadOnlySpan<byte> LmResponse => _message.Span[_lmResponse];

    public ReadOnlySpan<byte> NtResponse => _message.Span[_ntResponse];

    public ReadOnlySpan<byte> EncryptedRandomSessionKey => _message.Span[_sessionKey];

    public string DomainName { get; }

    public string UserName { get; }

    public string WorkstationName { get; }

    public NtlmFlags Flags => (NtlmFlags)_message.Span.UInt32(FlagsOffset);

    /// <summary>No name, no NT response, and no LM response but for one zero byte (MS-NLMP 3.2.5.1.2).</summary>
    public bool IsAnonymous => UserName.Length == 0 && NtResponse.IsEmpty && (LmResponse.IsEmpty || LmResponse is [0]);

    /// <param name="message">The message.</param>
    /// <param name="charset">The character set of its names, on which the exchange has agreed.</param>
    /// <param name="authenticate">What is in it.</param>
    public static bool TryParse(ReadOnlyMemory<byte> message, Encoding charset, out NtlmAuthenticateMessage authenticate)
    {
        authenticate = default;
        var span = message.Span;
        if (span.Length < MinimumSize
            || !NtlmMessage.Is(span, NtlmMessage.Authenticate)
            || !NtlmMessage.TryGetField(span, LmResponseOffset, out var lmResponse)
            || !NtlmMessage.TryGetField(span, NtResponseOffset, out var ntResponse)
            || !NtlmMessage.TryGetField(span, SessionKeyOffset, out var sessionKey)
            || !TryGetName(span, DomainOffset, charset, out var domain)
            || !TryGetName(span, UserOffset, charset, out var user)
            || !TryGetName(span, WorkstationOffset, charset, out var workstation))
        {
            return false;
        }

        authenticate = new NtlmAuthenticateMessage(message, lmResponse, ntResponse, sessionKey, domain, user, workstation);
        return true;
    }

    private static bool TryGetName(ReadOnlySpan<byte> message, int at, Encoding charset, out string name)
    {
        name = "";
        if (!NtlmMessage.TryGetField(message, at, out var range))
        {
            return false;
        }

        var bytes = message[range];
        if (charset == Encoding.Unicode)
        {
            if (bytes.Length > LongestName || bytes.Length % sizeof(char) != 0)
            {
                return false;
            }

            // Whatever the code units are: half a surrogate pair is no other name than it was.
            name = bytes.Utf16();
            return true;
        }

        if (bytes.Length > LongestName / sizeof(char))
        {
            return false;
        }

        name = charset.GetString(bytes);
        return true;
    }
}
