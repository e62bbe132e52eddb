using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2).
/// <code>
///  0 Signature (8)    8 MessageType 2    12 TargetName (8)   20 Flags
/// 24 ServerChallenge (8)   32 Reserved (8)   40 TargetInfo (8)   48 Version (8)   56 payload
/// </code>
/// </summary>
internal static class NtlmChallengeMessage
{
    public const int TargetNameOffset = 12;
    public const int FlagsOffset = 20;
    public const int ServerChallengeOffset = 24;
    public const int TargetInfoOffset = 40;
    public const int VersionOffset = 48;
    public const int PayloadOffset = 56;

    /// <summary>Which of the flags that the client asks for the server supports.</summary>
    private const NtlmFlags Supported = NtlmFlags.Unicode | NtlmFlags.Oem | NtlmFlags.RequestTarget | NtlmFlags.Sign | NtlmFlags.Seal | NtlmFlags.Ntlm
        | NtlmFlags.AlwaysSign | NtlmFlags.ExtendedSessionSecurity | NtlmFlags.Version | NtlmFlags.Key128 | NtlmFlags.KeyExchange
        | NtlmFlags.Key56;

    public static NtlmFlags Answer(NtlmFlags offered)
    {
        var flags = (offered & Supported) | NtlmFlags.Ntlm | NtlmFlags.TargetInfo;
        if ((flags & NtlmFlags.Unicode) != 0)
        {
            // MS-NLMP 2.2.2.5: of the two character sets, Unicode is preferred.
            flags &= ~NtlmFlags.Oem;
        }

        return (offered & NtlmFlags.RequestTarget) != 0 ? flags | NtlmFlags.TargetTypeServer : flags;
    }

    public static byte[] Write(NtlmFlags flags, ReadOnlySpan<byte> serverChallenge, NtlmAuthenticatorOptions options)
    {
        var targetName = (flags & NtlmFlags.RequestTarget) != 0 ? NtlmCharset.Of(flags).GetBytes(options.NetBiosComputerName) : [];
        var targetInfo = WriteTargetInfo(options);
        var message = new byte[PayloadOffset + targetName.Length + targetInfo.Length];
        var span = message.AsSpan();
        NtlmMessage.Signature.CopyTo(span);
        span.Put(NtlmMessage.TypeOffset, NtlmMessage.Challenge);
        var next = NtlmMessage.PutField(span, TargetNameOffset, PayloadOffset, targetName);
        span.Put(FlagsOffset, (uint)flags);
        serverChallenge.CopyTo(span[ServerChallengeOffset..]);
        NtlmMessage.PutField(span, TargetInfoOffset, next, targetInfo);
        if ((flags & NtlmFlags.Version) != 0)
        {
            NtlmMessage.Version.CopyTo(span[VersionOffset..]);
        }

        return message;
    }

    // In the order of Windows. The time makes clients send a MIC (MS-NLMP 3.1.5.1.2).
    private static byte[] WriteTargetInfo(NtlmAuthenticatorOptions options)
    {
        var time = new byte[sizeof(long)];
        time.AsSpan().Put(0, FileTime.From(options.Time.GetUtcNow()).Ticks);
        (NtlmAvId Id, byte[] Value)[] pairs =
        [
            (NtlmAvId.NbDomainName, Encoding.Unicode.GetBytes(options.NetBiosDomainName)),
            (NtlmAvId.NbComputerName, Encoding.Unicode.GetBytes(options.NetBiosComputerName)),
            (NtlmAvId.DnsDomainName, Encoding.Unicode.GetBytes(options.DnsDomainName)),
            (NtlmAvId.DnsComputerName, Encoding.Unicode.GetBytes(options.DnsComputerName)),
            (NtlmAvId.Timestamp, time),
            (NtlmAvId.EndOfList, []),
        ];
        var info = new byte[pairs.Sum(pair => NtlmAvPairs.HeaderSize + pair.Value.Length)];
        var at = 0;
        foreach (var (id, value) in pairs)
        {
            at = NtlmAvPairs.Put(info, at, id, value);
        }

        return info;
    }
}
