using System.Buffers.Binary;

namespace Smb3.Embedded.Transport.Rdma.Messages;

/// <summary>
/// SMB Direct Negotiate Request (MS-SMBD 2.2.1), the first message of the side that connects:
/// <code>
/// 0 MinVersion   2 MaxVersion   4 Reserved   6 CreditsRequested   8 PreferredSendSize   12 MaxReceiveSize   16 MaxFragmentedSize
/// </code>
/// </summary>
internal readonly record struct NegotiateRequest(
    ushort MinVersion, ushort MaxVersion, ushort CreditsRequested, uint PreferredSendSize, uint MaxReceiveSize, uint MaxFragmentedSize)
{
    public const int Size = 20;

    /// <summary>False when there are fewer bytes than it has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NegotiateRequest request)
    {
        request = default;
        if (source.Length < Size)
        {
            return false;
        }

        request = new NegotiateRequest(
            BinaryPrimitives.ReadUInt16LittleEndian(source),
            BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));
        return true;
    }

    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(destination, MinVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], MaxVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], CreditsRequested);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], PreferredSendSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], MaxReceiveSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], MaxFragmentedSize);
    }
}
