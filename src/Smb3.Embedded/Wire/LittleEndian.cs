using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Smb3.Embedded.Wire;

/// <summary>Fields at fixed places: every integer of SMB2 is little-endian and may be unaligned (MS-SMB2 2.2).</summary>
internal static class LittleEndian
{
    public static ushort UInt16(this ReadOnlySpan<byte> source, int at) => BinaryPrimitives.ReadUInt16LittleEndian(source[at..]);

    public static uint UInt32(this ReadOnlySpan<byte> source, int at) => BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);

    public static ulong UInt64(this ReadOnlySpan<byte> source, int at) => BinaryPrimitives.ReadUInt64LittleEndian(source[at..]);

    public static long Int64(this ReadOnlySpan<byte> source, int at) => BinaryPrimitives.ReadInt64LittleEndian(source[at..]);

    public static Guid Guid(this ReadOnlySpan<byte> source, int at) => new(source.Slice(at, 16), bigEndian: false);

    /// <summary>UTF-16LE bytes as a string. An odd last byte, which no character can hold, is dropped.</summary>
    public static string Utf16(this ReadOnlySpan<byte> source)
    {
        if (BitConverter.IsLittleEndian)
        {
            return new string(MemoryMarshal.Cast<byte, char>(source));
        }

        return System.Text.Encoding.Unicode.GetString(source[..(source.Length & ~1)]);
    }

    public static void Put(this Span<byte> target, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(target[at..], value);

    public static void Put(this Span<byte> target, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(target[at..], value);

    public static void Put(this Span<byte> target, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(target[at..], value);

    public static void Put(this Span<byte> target, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(target[at..], value);

    public static void Put(this Span<byte> target, int at, Guid value) => value.TryWriteBytes(target[at..]);

    /// <summary>Writes UTF-16LE without a terminator and returns the number of bytes.</summary>
    public static int PutUtf16(this Span<byte> target, int at, ReadOnlySpan<char> text)
    {
        var size = text.Length * sizeof(char);
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(text).CopyTo(target[at..]);
            return size;
        }

        for (var i = 0; i < text.Length; i++)
        {
            target.Put(at + (i * sizeof(char)), text[i]);
        }

        return size;
    }

    /// <summary>The next multiple of eight: where lists of contexts and directory entries continue.</summary>
    public static int Align8(int value) => (value + 7) & ~7;
}
