using System.Buffers.Binary;

namespace Smb3.Embedded.Compression.Matching;

/// <summary>The length of a match that does not fit into a byte: two bytes, or zero in two and then four (MS-XCA 2.2.4, 2.4.4).</summary>
internal static class LongLength
{
    /// <summary>Reads one; false when the data ends in it, or when it is longer than any data.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, ref int from, out int length)
    {
        length = 0;
        if (source.Length - from < sizeof(ushort))
        {
            return false;
        }

        length = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
        from += sizeof(ushort);
        if (length != 0)
        {
            return true;
        }

        if (source.Length - from < sizeof(uint))
        {
            return false;
        }

        length = BinaryPrimitives.ReadInt32LittleEndian(source[from..]);
        from += sizeof(uint);

        // Something is added to it.
        return length is >= 0 and <= int.MaxValue - ushort.MaxValue;
    }

    /// <summary>Writes one, and returns the bytes that it takes: 2 or 6.</summary>
    public static int Write(Span<byte> target, int length)
    {
        if (length <= ushort.MaxValue)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)length);
            return sizeof(ushort);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(target, 0);
        BinaryPrimitives.WriteInt32LittleEndian(target[sizeof(ushort)..], length);
        return sizeof(ushort) + sizeof(uint);
    }
}
