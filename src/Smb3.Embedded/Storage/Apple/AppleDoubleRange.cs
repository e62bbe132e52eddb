using System.Buffers.Binary;

namespace Smb3.Embedded.Storage.Apple;

/// <summary>A part of an AppleDouble file, in bytes from its beginning.</summary>
internal readonly record struct AppleDoubleRange(long Offset, long Length)
{
    public long End => Offset + Length;

    public static AppleDoubleRange Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
}
