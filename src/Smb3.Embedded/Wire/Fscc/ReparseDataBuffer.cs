namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// REPARSE_DATA_BUFFER (MS-FSCC 2.1.2.2): ReparseTag (4), ReparseDataLength (2), Reserved (2), DataBuffer. Tags that are not
/// Microsoft's have a GUID before the data (MS-FSCC 2.1.2.3).
/// </summary>
internal readonly ref struct ReparseDataBuffer
{
    public const int HeaderSize = 8;
    public const uint SymlinkTag = 0xA000000C;
    public const uint MountPointTag = 0xA0000003;

    /// <summary>A symbolic link of the Windows Subsystem for Linux, which Linux clients make.</summary>
    public const uint LxSymlinkTag = 0xA000001D;

    /// <summary>IO_REPARSE_TAG_RESERVED_ZERO, _ONE and _TWO, which nothing may have.</summary>
    public const uint ReservedTagZero = 0;
    public const uint ReservedTagOne = 1;
    public const uint ReservedTagTwo = 2;

    private const int GuidSize = 16;
    private const uint MicrosoftBit = 0x80000000;
    private const int SymlinkFixedSize = 12;
    private const uint RelativeFlag = 0x00000001;

    private ReparseDataBuffer(uint tag, ReadOnlySpan<byte> data)
    {
        Tag = tag;
        Data = data;
    }

    public uint Tag { get; }

    public ReadOnlySpan<byte> Data { get; }

    /// <summary>The length must say exactly how much is there; otherwise the answer is STATUS_IO_REPARSE_DATA_INVALID.</summary>
    public static bool TryParse(ReadOnlySpan<byte> buffer, out ReparseDataBuffer reparse)
    {
        reparse = default;
        if (buffer.Length < HeaderSize)
        {
            return false;
        }

        var tag = buffer.UInt32(0);
        var header = (tag & MicrosoftBit) != 0 ? HeaderSize : HeaderSize + GuidSize;
        if (header + buffer.UInt16(4) != buffer.Length)
        {
            return false;
        }

        reparse = new ReparseDataBuffer(tag, buffer[header..]);
        return true;
    }

    /// <summary>
    /// The target of a symbolic link (MS-FSCC 2.1.2.4): SubstituteNameOffset (2), SubstituteNameLength (2), PrintNameOffset (2),
    /// PrintNameLength (2), Flags (4), PathBuffer.
    /// </summary>
    public bool TryGetSymlink(out string substituteName, out string printName, out bool isRelative)
    {
        substituteName = printName = string.Empty;
        isRelative = false;
        if (Tag != SymlinkTag || Data.Length < SymlinkFixedSize)
        {
            return false;
        }

        if (!TryGetName(0, out substituteName) || !TryGetName(4, out printName) || substituteName.Length == 0)
        {
            return false;
        }

        isRelative = (Data.UInt32(8) & RelativeFlag) != 0;
        return true;
    }

    private bool TryGetName(int at, out string name)
    {
        int offset = Data.UInt16(at);
        int length = Data.UInt16(at + 2);
        var fits = SymlinkFixedSize + offset + length <= Data.Length;
        name = fits ? Data.Slice(SymlinkFixedSize + offset, length).Utf16() : string.Empty;
        return fits;
    }

    public static int SymlinkSize(int substituteLength, int printLength) =>
        HeaderSize + SymlinkFixedSize + ((substituteLength + printLength) * sizeof(char));

    /// <summary>Writes the whole buffer of a symbolic link and returns its length.</summary>
    public static int WriteSymlink(
        Span<byte> output, ReadOnlySpan<char> substituteName, ReadOnlySpan<char> printName, bool isRelative)
    {
        var size = SymlinkSize(substituteName.Length, printName.Length);
        var substituteSize = substituteName.Length * sizeof(char);
        output.Put(0, SymlinkTag);
        output.Put(4, (ushort)(size - HeaderSize));
        output.Put(6, (ushort)0);
        output.Put(8, (ushort)0);
        output.Put(10, (ushort)substituteSize);
        output.Put(12, (ushort)substituteSize);
        output.Put(14, (ushort)(printName.Length * sizeof(char)));
        output.Put(16, isRelative ? RelativeFlag : 0);
        output.PutUtf16(HeaderSize + SymlinkFixedSize, substituteName);
        output.PutUtf16(HeaderSize + SymlinkFixedSize + substituteSize, printName);
        return size;
    }
}
