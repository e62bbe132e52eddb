using System.Buffers.Binary;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// Writes directory entries (MS-FSCC 2.4). All classes but FileNames begin with:
/// <code>
///  0 NextEntryOffset    4 FileIndex   8 CreationTime   16 LastAccessTime   24 LastWriteTime   32 ChangeTime
/// 40 EndOfFile         48 AllocationSize              56 FileAttributes   60 FileNameLength
/// </code>
/// and differ in what stands between this and the name: see <see cref="Layout"/>.
/// </summary>
internal static class DirectoryEntryWriter
{
    /// <summary>Entries stand on boundaries of eight bytes.</summary>
    public const int Alignment = 8;

    private const int ShortNameSize = 24;

    /// <summary>The size of an entry without its name, or 0 when the class is not one of a directory.</summary>
    public static int FixedSize(FileInformationClass informationClass) => LayoutOf(informationClass).Name;

    /// <summary>Whether the class has a place for the 8.3 name.</summary>
    public static bool HasShortName(FileInformationClass informationClass) => LayoutOf(informationClass).ShortName != 0;

    /// <summary>
    /// Appends an entry to <paramref name="buffer"/>. False, with nothing changed, if it does not fit or the class is not one of a
    /// directory. <paramref name="shortName"/> is the 8.3 name, at most twelve characters, or empty.
    /// </summary>
    public static bool TryWrite(
        ref EntryListCursor cursor,
        Span<byte> buffer,
        FileInformationClass informationClass,
        in DirectoryEntry entry,
        ReadOnlySpan<char> name,
        ReadOnlySpan<char> shortName = default)
    {
        var layout = LayoutOf(informationClass);
        if (layout.Name == 0 || !cursor.TryBegin(buffer, layout.Name + (name.Length * sizeof(char)), out var target))
        {
            return false;
        }

        target.Put(4, entry.FileIndex);
        target.PutUtf16(layout.Name, name);
        if (informationClass == FileInformationClass.FileNamesInformation)
        {
            target.Put(8, (uint)(name.Length * sizeof(char)));
            return true;
        }

        target.Put(8, entry.File.CreationTime.Ticks);
        target.Put(16, entry.File.LastAccessTime.Ticks);
        target.Put(24, entry.File.LastWriteTime.Ticks);
        target.Put(32, entry.File.ChangeTime.Ticks);
        target.Put(40, entry.File.EndOfFile);
        target.Put(48, entry.File.AllocationSize);
        target.Put(56, FileNetworkOpenInformation.OnWire(entry.File.Attributes));
        target.Put(60, (uint)(name.Length * sizeof(char)));
        WriteVariant(target, layout, entry, shortName);
        if (entry.Apple is { } apple && informationClass == FileInformationClass.FileIdBothDirectoryInformation)
        {
            if ((entry.File.Attributes & FileAttributes.ReparsePoint) == 0)
            {
                target.Put(layout.EaSize, (uint)apple.MaximalAccess);
            }

            target.Put(layout.ShortName - 2, apple.Flags);
            target.Put(layout.ShortName, apple.ResourceForkLength);
            BinaryPrimitives.WriteUInt128BigEndian(target[(layout.ShortName + 8)..], apple.FinderInfo);
            target.Put(layout.ShortName + ShortNameSize, apple.Mode);
        }

        return true;
    }

    private static void WriteVariant(Span<byte> target, Layout layout, in DirectoryEntry entry, ReadOnlySpan<char> shortName)
    {
        if (layout.ReparseTag != 0)
        {
            target.Put(layout.EaSize, entry.EaSize);
            target.Put(layout.ReparseTag, entry.ReparseTag);
        }
        else if (layout.EaSize != 0)
        {
            // A reparse point has no EAs, and the classes without a field for the tag carry it here.
            var isReparsePoint = (entry.File.Attributes & FileAttributes.ReparsePoint) != 0;
            target.Put(layout.EaSize, isReparsePoint ? entry.ReparseTag : entry.EaSize);
        }

        if (layout.FileId != 0)
        {
            target.Put(layout.FileId, entry.FileId);
        }

        if (layout.FileId128 != 0)
        {
            target.Put(layout.FileId128, entry.FileId);
            target.Put(layout.FileId128 + 8, entry.FileIdHigh);
        }

        if (layout.ShortName != 0)
        {
            var shown = shortName[..Math.Min(shortName.Length, ShortNameSize / sizeof(char))];
            target[layout.ShortName - 2] = (byte)(shown.Length * sizeof(char));
            target.PutUtf16(layout.ShortName, shown);
        }
    }

    private static Layout LayoutOf(FileInformationClass informationClass) => informationClass switch
    {
        FileInformationClass.FileDirectoryInformation => new() { Name = 64 },
        FileInformationClass.FileFullDirectoryInformation => new() { EaSize = 64, Name = 68 },
        FileInformationClass.FileIdFullDirectoryInformation => new() { EaSize = 64, FileId = 72, Name = 80 },
        FileInformationClass.FileBothDirectoryInformation => new() { EaSize = 64, ShortName = 70, Name = 94 },
        FileInformationClass.FileIdBothDirectoryInformation => new() { EaSize = 64, ShortName = 70, FileId = 96, Name = 104 },
        FileInformationClass.FileNamesInformation => new() { Name = 12 },
        FileInformationClass.FileIdExtdDirectoryInformation => new() { EaSize = 64, ReparseTag = 68, FileId128 = 72, Name = 88 },
        FileInformationClass.FileIdExtdBothDirectoryInformation =>
            new() { EaSize = 64, ReparseTag = 68, FileId128 = 72, ShortName = 90, Name = 114 },
        FileInformationClass.FileId64ExtdDirectoryInformation => new() { EaSize = 64, ReparseTag = 68, FileId = 72, Name = 80 },
        FileInformationClass.FileId64ExtdBothDirectoryInformation =>
            new() { EaSize = 64, ReparseTag = 68, FileId = 72, ShortName = 82, Name = 106 },
        FileInformationClass.FileIdAllExtdDirectoryInformation =>
            new() { EaSize = 64, ReparseTag = 68, FileId = 72, FileId128 = 80, Name = 96 },
        FileInformationClass.FileIdAllExtdBothDirectoryInformation =>
            new() { EaSize = 64, ReparseTag = 68, FileId = 72, FileId128 = 80, ShortName = 98, Name = 122 },
        _ => default,
    };

    /// <summary>Where a class has its fields; 0 where it has none. The length of the short name stands two bytes before it.</summary>
    private readonly record struct Layout
    {
        public int EaSize { get; init; }

        public int ReparseTag { get; init; }

        public int ShortName { get; init; }

        public int FileId { get; init; }

        public int FileId128 { get; init; }

        public int Name { get; init; }
    }
}
