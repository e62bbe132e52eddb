using System.Buffers.Binary;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>
/// What GSS puts in the place of a checksum (RFC 4121 4.1.1), little-endian: the length of the channel binding, 16 (4), the binding (16), flags (4),
/// and a delegated ticket, which this server has no use for. Clients that do not use GSS send none, which Windows takes as well: they ask for nothing.
/// </summary>
internal static class AuthenticatorChecksum
{
    public const int Type = 0x8003;

    private const int BindingSize = 16;
    private const int FlagsOffset = sizeof(uint) + BindingSize;

    public static bool TryRead(int type, ReadOnlySpan<byte> checksum, out GssFlags flags)
    {
        flags = GssFlags.None;
        if (type == 0 && checksum.IsEmpty)
        {
            return true;
        }

        if (type != Type
            || checksum.Length < FlagsOffset + sizeof(uint)
            || BinaryPrimitives.ReadUInt32LittleEndian(checksum) != BindingSize)
        {
            return false;
        }

        flags = (GssFlags)BinaryPrimitives.ReadUInt32LittleEndian(checksum[FlagsOffset..]);
        return true;
    }
}
