namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FileStreamInformation (MS-FSCC 2.4), one entry per stream: NextEntryOffset (4), StreamNameLength (4), StreamSize (8),
/// StreamAllocationSize (8), StreamName, such as <c>::$DATA</c>.
/// </summary>
internal static class StreamInformationWriter
{
    public const int Alignment = 8;

    /// <summary>Shorter output buffers are STATUS_INFO_LENGTH_MISMATCH.</summary>
    public const int MinimumBufferSize = 32;

    private const int FixedSize = 24;

    /// <summary>Appends a stream; false, with nothing changed, if it does not fit: STATUS_BUFFER_OVERFLOW.</summary>
    public static bool TryWrite(ref EntryListCursor cursor, Span<byte> buffer, ReadOnlySpan<char> name, long size, long allocationSize)
    {
        if (!cursor.TryBegin(buffer, FixedSize + (name.Length * sizeof(char)), out var entry))
        {
            return false;
        }

        entry.Put(4, (uint)(name.Length * sizeof(char)));
        entry.Put(8, size);
        entry.Put(16, allocationSize);
        entry.PutUtf16(FixedSize, name);
        return true;
    }
}
