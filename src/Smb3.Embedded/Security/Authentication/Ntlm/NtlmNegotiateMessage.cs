using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1). Only the flags count: its domain and workstation are OEM text for old servers.
/// </summary>
internal readonly ref struct NtlmNegotiateMessage
{
    private const int FlagsOffset = 12;
    private const int MinimumSize = 16;

    private NtlmNegotiateMessage(NtlmFlags flags) => Flags = flags;

    public NtlmFlags Flags { get; }

    public static bool TryParse(ReadOnlySpan<byte> message, out NtlmNegotiateMessage negotiate)
    {
        negotiate = default;
        if (message.Length < MinimumSize || !NtlmMessage.Is(message, NtlmMessage.Negotiate))
        {
            return false;
        }

        negotiate = new NtlmNegotiateMessage((NtlmFlags)message.UInt32(FlagsOffset));
        return true;
    }
}
