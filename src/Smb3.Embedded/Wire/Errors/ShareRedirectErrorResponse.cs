using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Wire.Errors;

/// <summary>
/// Share Redirect Error Context Response (MS-SMB2 2.2.2.2.2), the error data of STATUS_BAD_NETWORK_NAME where another node has the share:
/// <code>
///  0 StructureSize (48, whatever follows)   4 NotificationType (3)   8 ResourceNameOffset   12 ResourceNameLength
/// 16 Reserved                              18 TargetType            20 IPAddrCount          24 IPAddrMoveList, then ResourceName
/// </code>
/// An address (MS-SMB2 2.2.2.2.2.1) has a type (4), reserved bytes (4), and 16 bytes, of which IPv4 uses the first four.
/// </summary>
internal static class ShareRedirectErrorResponse
{
    private const int StructureSize = 48;
    private const int FixedSize = 24;
    private const int AddressSize = 24;
    private const uint ShareMove = 3;
    private const uint AddressV4 = 1;
    private const uint AddressV6 = 2;

    /// <summary>The size of the error data.</summary>
    public static int Size(IReadOnlyList<IPAddress> addresses, ReadOnlySpan<char> shareName) =>
        FixedSize + (addresses.Count * AddressSize) + (shareName.Length * sizeof(char));

    /// <summary>Writes the error data, which <see cref="ErrorResponse.WriteWithData"/> made room for.</summary>
    public static void Write(Span<byte> data, IReadOnlyList<IPAddress> addresses, ReadOnlySpan<char> shareName)
    {
        var nameAt = FixedSize + (addresses.Count * AddressSize);
        data.Put(0, (uint)StructureSize);
        data.Put(4, ShareMove);
        data.Put(8, (uint)nameAt);
        data.Put(12, (uint)(shareName.Length * sizeof(char)));
        data.Put(20, (uint)addresses.Count);
        for (var i = 0; i < addresses.Count; i++)
        {
            var entry = data.Slice(FixedSize + (i * AddressSize), AddressSize);
            entry.Put(0, addresses[i].AddressFamily == AddressFamily.InterNetwork ? AddressV4 : AddressV6);
            addresses[i].TryWriteBytes(entry[8..], out _);
        }

        data.PutUtf16(nameAt, shareName);
    }
}
