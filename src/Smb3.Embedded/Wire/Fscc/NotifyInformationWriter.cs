using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FILE_NOTIFY_INFORMATION (MS-FSCC 2.7.1), one entry per change: NextEntryOffset (4), Action (4), FileNameLength (4), FileName
/// relative to the watched directory.
/// </summary>
internal static class NotifyInformationWriter
{
    public const int Alignment = 4;

    private const int FixedSize = 12;

    /// <summary>The most bytes that an entry takes, including the padding before the next one.</summary>
    public static int SizeOf(ReadOnlySpan<char> name) => (FixedSize + (name.Length * sizeof(char)) + Alignment - 1) & -Alignment;

    /// <summary>Appends a change; false, with nothing changed, if it does not fit: the answer then is STATUS_NOTIFY_ENUM_DIR.</summary>
    public static bool TryWrite(ref EntryListCursor cursor, Span<byte> buffer, ChangeAction action, ReadOnlySpan<char> name)
    {
        if (!cursor.TryBegin(buffer, FixedSize + (name.Length * sizeof(char)), out var entry))
        {
            return false;
        }

        entry.Put(4, (uint)action);
        entry.Put(8, (uint)(name.Length * sizeof(char)));
        entry.PutUtf16(FixedSize, name);
        return true;
    }
}
