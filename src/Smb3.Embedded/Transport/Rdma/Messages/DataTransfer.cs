using System.Buffers.Binary;

namespace Smb3.Embedded.Transport.Rdma.Messages;

/// <summary>
/// The header of an SMB Direct Data Transfer message (MS-SMBD 2.2.3), in front of a fragment of an upper-layer message or of nothing:
/// <code>
/// 0 CreditsRequested   2 CreditsGranted   4 Flags   6 Reserved   8 RemainingDataLength   12 DataOffset   16 DataLength   20 Padding
/// </code>
/// </summary>
internal readonly record struct DataTransfer(
    ushort CreditsRequested, ushort CreditsGranted, DataTransferFlags Flags, uint RemainingDataLength, uint DataOffset, uint DataLength)
{
    /// <summary>Bytes without a payload.</summary>
    public const int Size = 20;

    /// <summary>Where the payload begins: on the next boundary of eight bytes.</summary>
    public const int PayloadOffset = 24;

    /// <summary>Reads one and checks what can be seen from the message alone (MS-SMBD 3.1.5.8).</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out DataTransfer transfer)
    {
        transfer = default;
        if (source.Length < Size)
        {
            return false;
        }

        transfer = new DataTransfer(
            BinaryPrimitives.ReadUInt16LittleEndian(source),
            BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            (DataTransferFlags)BinaryPrimitives.ReadUInt16LittleEndian(source[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));

        // A payload that overlaps the header would be read twice, once as each.
        return transfer.CreditsRequested > 0
            && transfer.DataOffset % 8 == 0
            && (ulong)transfer.DataOffset + transfer.DataLength <= (ulong)source.Length
            && (transfer.DataLength == 0 || transfer.DataOffset >= PayloadOffset);
    }

    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(destination, CreditsRequested);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], CreditsGranted);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], RemainingDataLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], DataOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], DataLength);
        if (DataLength > 0)
        {
            destination[Size..PayloadOffset].Clear();
        }
    }
}

/// <summary>How a Data Transfer message is to be taken.</summary>
[Flags]
internal enum DataTransferFlags : ushort
{
    None = 0,

    /// <summary>The peer wants to hear something soon.</summary>
    ResponseRequested = 0x0001,
}
