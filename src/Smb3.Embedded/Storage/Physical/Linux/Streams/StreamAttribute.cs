using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>
/// A named stream as stored in an extended attribute of its file: <c>user.smb3.stream.NAME</c>, or <c>user.smb3.stream.:HASH</c> for a
/// name that is too long for that or is not valid Unicode. The value:
/// <code>
/// 0  byte    1: the data follows, 2: the id of a file in the side store follows
/// 1  byte    reserved
/// 2  uint16  bytes of the name (UTF-16, little-endian) that follow; 0 when the attribute's name contains it
/// 4          name
///            data, or 16 bytes of id
/// </code>
/// </summary>
/// <param name="Name">The stream's name.</param>
/// <param name="Data">The data, when it is not in the side store.</param>
/// <param name="Id">The id in the side store; empty when the data is here.</param>
internal readonly record struct StreamAttribute(string Name, ReadOnlyMemory<byte> Data, Guid Id)
{
    private const int HeaderSize = 4;
    private const int IdSize = 16;
    private const int MaxDiskName = 255; // XATTR_NAME_MAX
    private const int MaxName = 255;

    /// <summary>Whether the data is in the side store.</summary>
    public bool IsAside => Id != Guid.Empty;

    /// <summary>The disk name of a stream, with a terminating zero.</summary>
    public static byte[] DiskName(string name, bool caseSensitive)
    {
        Span<byte> plain = stackalloc byte[MaxDiskName - InodeExtras.StreamPrefix.Length];
        if (Utf8.FromUtf16(name, plain, out _, out var written, replaceInvalidSequences: false) == System.Buffers.OperationStatus.Done)
        {
            return [.. InodeExtras.StreamPrefix, .. plain[..written], 0];
        }

        var key = NameBytes(caseSensitive ? name : name.ToUpperInvariant());
        var hash = Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, 16));
        return [.. InodeExtras.StreamPrefix, (byte)':', .. Encoding.ASCII.GetBytes(hash), 0]; // no stream's name has a colon
    }

    /// <summary>Reads an attribute; false when this version does not recognize it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> diskNameWithZero, ReadOnlyMemory<byte> value, out StreamAttribute attribute)
    {
        attribute = default;
        if (value.Length < HeaderSize)
        {
            return false;
        }

        var nameSize = BinaryPrimitives.ReadUInt16LittleEndian(value.Span[2..]);
        if (nameSize % 2 != 0 || HeaderSize + nameSize > value.Length)
        {
            return false;
        }

        var name = nameSize > 0 ? Utf16(value.Span.Slice(HeaderSize, nameSize)) : PlainName(diskNameWithZero);
        if (name is null || !IsName(name))
        {
            return false;
        }

        var rest = value[(HeaderSize + nameSize)..];
        switch (value.Span[0])
        {
            case 1:
                attribute = new StreamAttribute(name, rest, Guid.Empty);
                return true;
            case 2 when rest.Length == IdSize && new Guid(rest.Span) is var id && id != Guid.Empty:
                attribute = new StreamAttribute(name, default, id);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The name of a stream, when the attribute's name contains it.</summary>
    public static string? PlainName(ReadOnlySpan<byte> diskNameWithZero)
    {
        var name = diskNameWithZero[InodeExtras.StreamPrefix.Length..^1];
        return name.IsEmpty || name.Contains((byte)':') || !Utf8.IsValid(name) ? null : Encoding.UTF8.GetString(name);
    }

    /// <summary>The attribute's value.</summary>
    public byte[] ToValue(ReadOnlySpan<byte> diskNameWithZero)
    {
        ReadOnlySpan<byte> name = diskNameWithZero[InodeExtras.StreamPrefix.Length] == ':' ? NameBytes(Name) : default;
        var content = IsAside ? Id.ToByteArray() : Data.Span;
        var value = new byte[HeaderSize + name.Length + content.Length];
        value[0] = IsAside ? (byte)2 : (byte)1;
        BinaryPrimitives.WriteUInt16LittleEndian(value.AsSpan(2), (ushort)name.Length);
        name.CopyTo(value.AsSpan(HeaderSize));
        content.CopyTo(value.AsSpan(HeaderSize + name.Length));
        return value;
    }

    // A local program can write names that no client could ask for.
    private static bool IsName(string name) => name.Length is > 0 and <= MaxName && name.AsSpan().IndexOfAny("/\\:\0") < 0;

    // Half a surrogate pair is a valid name too, so no text encoding is involved.
    private static byte[] NameBytes(string name)
    {
        var bytes = new byte[name.Length * 2];
        for (var i = 0; i < name.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * 2), name[i]);
        }

        return bytes;
    }

    private static string Utf16(ReadOnlySpan<byte> bytes)
    {
        Span<char> name = bytes.Length <= 512 ? stackalloc char[bytes.Length / 2] : new char[bytes.Length / 2];
        for (var i = 0; i < name.Length; i++)
        {
            name[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]);
        }

        return name.ToString();
    }
}
