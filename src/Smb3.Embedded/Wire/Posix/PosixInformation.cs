using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Wire.Posix;

/// <summary>
/// What the SMB 3.1.1 POSIX extensions tell about a file: FILE_POSIX_INFORMATION and its entry in a listing (level 100 of both), as Samba
/// and ksmbd send them and cifs.ko reads them. A listing begins with NextEntryOffset (4) and FileIndex (4) and ends with the name.
/// <code>
///  0 CreationTime       8 LastAccessTime   16 LastWriteTime   24 ChangeTime   32 EndOfFile   40 AllocationSize
/// 48 FileAttributes    52 Inode (8)        60 DeviceId        64 Reserved
/// 68 HardLinks         72 ReparseTag       76 Mode            80 Owner (SID)  .. Group (SID)
/// in a listing: .. NameLength (4)          .. Name
/// </code>
/// </summary>
internal readonly record struct PosixInformation
{
    /// <summary>Bytes of the smallest entry of a listing.</summary>
    public const int MinimumEntry = EntryHeader + TimesSize + 12 + (2 * 8) + sizeof(uint);

    private const int TimesSize = 68;
    private const int EntryHeader = 8;

    public required FileNetworkOpenInformation File { get; init; }

    public ulong Inode { get; init; }

    /// <summary>The place in the listing, from which SMB2_INDEX_SPECIFIED continues.</summary>
    public uint FileIndex { get; init; }

    public uint DeviceId { get; init; }

    public required PosixState State { get; init; }

    public int Size => TimesSize + State.Size;

    /// <summary>Writes FILE_POSIX_INFORMATION; the span has room for <see cref="Size"/>.</summary>
    public void Write(Span<byte> target)
    {
        target.Put(0, File.CreationTime.Ticks);
        target.Put(8, File.LastAccessTime.Ticks);
        target.Put(16, File.LastWriteTime.Ticks);
        target.Put(24, File.ChangeTime.Ticks);
        target.Put(32, File.EndOfFile);
        target.Put(40, File.AllocationSize);
        target.Put(48, FileNetworkOpenInformation.OnWire(File.Attributes));
        target.Put(52, Inode);
        target.Put(60, DeviceId);
        target.Put(64, 0u);
        State.Write(target[TimesSize..]);
    }

    /// <summary>Appends an entry of a listing; false, with nothing changed, when it does not fit.</summary>
    public bool TryWriteEntry(ref EntryListCursor list, Span<byte> buffer, ReadOnlySpan<char> name)
    {
        var nameAt = EntryHeader + Size;
        if (!list.TryBegin(buffer, nameAt + sizeof(uint) + (name.Length * sizeof(char)), out var entry))
        {
            return false;
        }

        entry.Put(4, FileIndex);
        Write(entry[EntryHeader..]);
        entry.Put(nameAt, (uint)(name.Length * sizeof(char)));
        entry.PutUtf16(nameAt + sizeof(uint), name);
        return true;
    }
}
