using System.Buffers.Binary;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>
/// The inode that a file of the side store belongs to: its number and birth time, which no copy shares. A copy of the base file that
/// another program made refers to the same data, but does not own it.
/// </summary>
internal readonly record struct SideOwner(ulong Inode, long BirthSeconds, uint BirthNanoseconds)
{
    private const int Size = 20;

    /// <summary>The attribute of a file in the side store that records its owner.</summary>
    public static ReadOnlySpan<byte> Name => "user.smb3.owner\0"u8;

    /// <summary>The owner value for an inode.</summary>
    public static SideOwner Of(in StatxBuffer stat) => (stat.Mask & StatxBuffer.BirthTime) != 0
        ? new SideOwner(stat.Inode, stat.Birth.Seconds, stat.Birth.Nanoseconds)
        : new SideOwner(stat.Inode, 0, 0);

    /// <summary>Reads an attribute's value; a malformed one means no owner.</summary>
    public static SideOwner Parse(ReadOnlySpan<byte> value) => value.Length != Size ? default : new SideOwner(
        BinaryPrimitives.ReadUInt64LittleEndian(value),
        BinaryPrimitives.ReadInt64LittleEndian(value[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(value[16..]));

    /// <summary>The attribute's value.</summary>
    public byte[] ToValue()
    {
        var value = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(value, Inode);
        BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(8), BirthSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(16), BirthNanoseconds);
        return value;
    }
}
