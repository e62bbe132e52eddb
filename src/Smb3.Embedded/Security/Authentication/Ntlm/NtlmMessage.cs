using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// What the three messages of NTLM have in common (MS-NLMP 2.2.1): the signature, the type, and fields by offset.
/// </summary>
internal static class NtlmMessage
{
    public const uint Negotiate = 1;
    public const uint Challenge = 2;
    public const uint Authenticate = 3;
    public const int TypeOffset = 8;
    public const int ChallengeSize = 8;

    /// <summary>Length, maximum length (2 bytes each), offset (4).</summary>
    public const int FieldSize = 8;

    /// <summary>Windows Server 2022 and NTLMSSP revision 15 (MS-NLMP 2.2.2.10): some clients go by it.</summary>
    public static ReadOnlySpan<byte> Version => [10, 0, 0x7C, 0x4F, 0, 0, 0, 15];

    public static ReadOnlySpan<byte> Signature => "NTLMSSP\0"u8;

    public static bool Is(ReadOnlySpan<byte> message, uint type) =>
        message.Length >= TypeOffset + sizeof(uint) && message.StartsWith(Signature) && message.UInt32(TypeOffset) == type;

    /// <summary>Where a field's bytes are. An empty field may point anywhere, as some clients have it.</summary>
    public static bool TryGetField(ReadOnlySpan<byte> message, int at, out Range range)
    {
        range = default;
        if (message.Length < at + FieldSize)
        {
            return false;
        }

        var length = message.UInt16(at);
        if (length == 0)
        {
            return true;
        }

        var offset = message.UInt32(at + 4);
        if (offset > (uint)message.Length || length > (uint)message.Length - offset)
        {
            return false;
        }

        range = new Range((int)offset, (int)offset + length);
        return true;
    }

    /// <summary>Writes a field's place and copies its bytes; returns where the next one goes.</summary>
    public static int PutField(Span<byte> message, int at, int payload, ReadOnlySpan<byte> content)
    {
        message.Put(at, (ushort)content.Length);
        message.Put(at + 2, (ushort)content.Length);
        message.Put(at + 4, (uint)payload);
        content.CopyTo(message[payload..]);
        return payload + content.Length;
    }
}
