namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FileHardLinkInformation, which MS-FSCC only numbers: BytesNeeded (4), EntriesReturned (4), then one entry per name:
/// NextEntryOffset (4), padding (4), ParentFileId (8), FileNameLength in characters (4), FileName.
/// </summary>
internal static class HardLinkInformationWriter
{
    /// <summary>Entries begin here.</summary>
    public const int HeaderSize = 8;

    public const int Alignment = 8;

    private const int FixedSize = 20;

    /// <summary>The bytes that an entry with a name of this length takes, with the padding before the next.</summary>
    public static int EntrySize(int nameLength) => LittleEndian.Align8(FixedSize + (nameLength * sizeof(char)));

    /// <summary>Appends an entry behind the header; false, with nothing changed, if it does not fit.</summary>
    public static bool TryWrite(ref EntryListCursor cursor, Span<byte> buffer, ulong parentFileId, ReadOnlySpan<char> name)
    {
        if (!cursor.TryBegin(buffer[HeaderSize..], FixedSize + (name.Length * sizeof(char)), out var entry))
        {
            return false;
        }

        entry.Put(8, parentFileId);
        entry.Put(16, (uint)name.Length);
        entry.PutUtf16(FixedSize, name);
        return true;
    }

    public static void WriteHeader(Span<byte> buffer, int bytesNeeded, int entriesReturned)
    {
        buffer.Put(0, (uint)bytesNeeded);
        buffer.Put(4, (uint)entriesReturned);
    }
}
