using System.Buffers.Binary;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Transport.Rdma.Messages;

/// <summary>
/// SMB Direct Negotiate Response (MS-SMBD 2.2.2):
/// <code>
///  0 MinVersion         2 MaxVersion          4 NegotiatedVersion   6 Reserved   8 CreditsRequested   10 CreditsGranted   12 Status
/// 16 MaxReadWriteSize  20 PreferredSendSize  24 MaxReceiveSize     28 MaxFragmentedSize
/// </code>
/// </summary>
internal readonly record struct NegotiateResponse(
    ushort MinVersion,
    ushort MaxVersion,
    ushort NegotiatedVersion,
    ushort CreditsRequested,
    ushort CreditsGranted,
    NtStatus Status,
    uint MaxReadWriteSize,
    uint PreferredSendSize,
    uint MaxReceiveSize,
    uint MaxFragmentedSize)
{
    public const int Size = 32;

    /// <summary>False when there are fewer bytes than it has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NegotiateResponse response)
    {
        response = default;
        if (source.Length < Size)
        {
            return false;
        }

        response = new NegotiateResponse(
            BinaryPrimitives.ReadUInt16LittleEndian(source),
            BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[10..]),
            (NtStatus)BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[28..]));
        return true;
    }

    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(destination, MinVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], MaxVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], NegotiatedVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], CreditsRequested);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], CreditsGranted);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], (uint)Status);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], MaxReadWriteSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], PreferredSendSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], MaxReceiveSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], MaxFragmentedSize);
    }
}
