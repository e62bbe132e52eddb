using System.Buffers.Binary;

namespace Smb3.Embedded.Contention.Content;

/// <summary>
/// The bytes of one block of a file. They say which file, block and version they are, and all of them follow from that: whoever reads a
/// block knows whether every byte of it is one that was written.
/// </summary>
internal static class BlockContent
{
    public const int Size = 512;
    public const int PerFile = 8;

    private const ulong Magic = 0x6B636F6C42334D53;

    public static byte[] Make(ulong file, int block, long version)
    {
        var bytes = new byte[Size];
        Fill(bytes, file, block, version);
        return bytes;
    }

    /// <summary>The version that these bytes are; 0: never written; -1: a mixture, or of another place.</summary>
    public static long VersionOf(ReadOnlySpan<byte> bytes, ulong file, int block)
    {
        if (bytes.IndexOfAnyExcept((byte)0) < 0)
        {
            return 0;
        }

        if (bytes.Length != Size || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
        {
            return -1;
        }

        var version = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        Span<byte> expected = stackalloc byte[Size];
        Fill(expected, file, block, version);
        return bytes.SequenceEqual(expected) ? version : -1;
    }

    private static void Fill(Span<byte> bytes, ulong file, int block, long version)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], file);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], block);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], version);
        var state = file ^ ((ulong)block << 48) ^ ((ulong)version * 0x9E3779B97F4A7C15);
        for (var at = 32; at < bytes.Length; at += 8)
        {
            // splitmix64
            state += 0x9E3779B97F4A7C15;
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], mixed ^ (mixed >> 31));
        }
    }
}
