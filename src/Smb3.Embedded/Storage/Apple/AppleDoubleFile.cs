using System.Buffers.Binary;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Apple;

/// <summary>
/// The layout of an AppleDouble file (RFC 1740 appendix B, all numbers big-endian): a table of entries, of which macOS writes two. The one of
/// the Finder info has 32 bytes of it and, two bytes further, a table of the extended attributes; the other is the resource fork.
/// </summary>
internal sealed class AppleDoubleFile
{
    /// <summary>As much of a file as has to be read for everything but the data of attributes and fork. macOS writes no longer table.</summary>
    public const int MaxTables = 128 * 1024;

    private const uint Magic = 0x00051607;
    private const uint Version1 = 0x00010000;
    private const uint Version2 = 0x00020000;
    private const int HeaderSize = 26;
    private const int EntrySize = 12;
    private const uint ResourceForkEntry = 2;
    private const uint FinderInfoEntry = 9;

    private AppleDoubleFile()
    {
    }

    /// <summary>The Finder info; all zeros when there is none.</summary>
    public byte[] FinderInfo { get; } = new byte[AfpInfo.FinderInfoSize];

    /// <summary>Where the resource fork is; empty when there is none.</summary>
    public AppleDoubleRange ResourceFork { get; private set; }

    /// <summary>The extended attributes by the names of their streams.</summary>
    public List<(string Stream, AppleDoubleRange Data)> Attributes { get; } = [];

    /// <summary>Reads the tables; null when the file is none, or is damaged.</summary>
    /// <param name="head">The file's beginning: all of it, or <see cref="MaxTables"/> bytes.</param>
    /// <param name="length">The length of the file.</param>
    public static AppleDoubleFile? Read(ReadOnlySpan<byte> head, long length)
    {
        if (head.Length < HeaderSize
            || BinaryPrimitives.ReadUInt32BigEndian(head) != Magic
            || BinaryPrimitives.ReadUInt32BigEndian(head[4..]) is not (Version1 or Version2))
        {
            return null;
        }

        var count = BinaryPrimitives.ReadUInt16BigEndian(head[(HeaderSize - 2)..]);
        if (head.Length < HeaderSize + (count * EntrySize))
        {
            return null;
        }

        var file = new AppleDoubleFile();
        for (var i = 0; i < count; i++)
        {
            var entry = head.Slice(HeaderSize + (i * EntrySize), EntrySize);
            var range = AppleDoubleRange.Read(entry[4..]);
            if (range.End > length)
            {
                return null;
            }

            switch (BinaryPrimitives.ReadUInt32BigEndian(entry))
            {
                case ResourceForkEntry when !IsBlank(head, range):
                    file.ResourceFork = range;
                    break;
                case FinderInfoEntry when !file.ReadFinderInfo(head, range, length):
                    return null;
            }
        }

        return file;
    }

    /// <summary>macOS writes a fork of 286 bytes that has neither data nor resources where there is none.</summary>
    private static bool IsBlank(ReadOnlySpan<byte> head, AppleDoubleRange fork)
    {
        const int BlankLength = 286, DataLengthAt = 8, TypesAt = 256 + 28;

        return fork.Length == BlankLength && fork.End <= head.Length
            && head.Slice((int)fork.Offset, BlankLength) is var blank
            && BinaryPrimitives.ReadUInt32BigEndian(blank[DataLengthAt..]) == 0
            && BinaryPrimitives.ReadInt16BigEndian(blank[TypesAt..]) == -1;
    }

    private bool ReadFinderInfo(ReadOnlySpan<byte> head, AppleDoubleRange range, long length)
    {
        if (range.Length < AfpInfo.FinderInfoSize || range.Offset + AfpInfo.FinderInfoSize > head.Length)
        {
            return false;
        }

        head.Slice((int)range.Offset, AfpInfo.FinderInfoSize).CopyTo(FinderInfo);
        var table = range.Offset + AfpInfo.FinderInfoSize + sizeof(ushort);
        return table >= Math.Min(range.End, head.Length) || ReadAttributes(head, (int)table, length);
    }

    /// <summary>
    /// The table of attributes: "ATTR", 4 bytes, its size, where the data is and how much (4 each), 12 bytes, flags (2), count (2); then for
    /// each: offset from the beginning of the file (4), length (4), flags (2), bytes of the name with its zero (1), the name, to a
    /// multiple of four.
    /// </summary>
    private bool ReadAttributes(ReadOnlySpan<byte> head, int table, long length)
    {
        const uint Signature = 0x41545452;
        const int TableHeader = 36, EntryHeader = 11;

        var rest = head[table..];
        if (rest.Length < TableHeader || BinaryPrimitives.ReadUInt32BigEndian(rest) != Signature)
        {
            return !rest.StartsWith("ATTR"u8); // zeros, where no attributes are
        }

        var count = BinaryPrimitives.ReadUInt16BigEndian(rest[(TableHeader - 2)..]);
        rest = rest[TableHeader..];
        for (var i = 0; i < count; i++)
        {
            var nameLength = rest.Length >= EntryHeader ? rest[EntryHeader - 1] : 0;
            var size = (EntryHeader + nameLength + 3) & ~3;
            if (nameLength < 2 || size > rest.Length)
            {
                return false;
            }

            var data = AppleDoubleRange.Read(rest);
            var name = rest.Slice(EntryHeader, nameLength - 1);
            if (data.End > length || name.ContainsAny((byte)0, (byte)'/'))
            {
                return false;
            }

            // Over SMB a Mac writes what streams cannot be called, such as com.apple.metadata:NAME, with the same characters as in names of files.
            Attributes.Add((DiskNames.Decode(name), data));
            rest = rest[size..];
        }

        return true;
    }
}
