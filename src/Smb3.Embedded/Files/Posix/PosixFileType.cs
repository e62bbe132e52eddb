using System.Buffers.Binary;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Posix;

/// <summary>The type of a file to a POSIX client, from the reparse point that stands for it. The values are those of the wire.</summary>
internal enum PosixFileType
{
    /// <summary>A plain file, or a directory: its attribute says which.</summary>
    Plain = 0,
    SymbolicLink = 2,
    CharacterDevice = 3,
    BlockDevice = 4,
    Fifo = 5,
    Socket = 6,
}

/// <summary>Determines the type (MS-FSCC 2.1.2.1 and 2.1.2.6).</summary>
internal static class PosixFileTypes
{
    private const uint NfsTag = 0x80000014;

    // REPARSE_DATA_BUFFER: tag (4), length (2), reserved (2); then, for an NFS one, its type (8).
    private const int NfsTypeOffset = 8;

    /// <summary>The type of an open file.</summary>
    public static async ValueTask<PosixFileType> OfAsync(IStoreFile file, uint reparseTag, CancellationToken cancellationToken)
    {
        if (reparseTag != NfsTag)
        {
            return Of(reparseTag);
        }

        if (file is not IReparseFile reparse)
        {
            return PosixFileType.Plain;
        }

        var data = await reparse.GetReparsePointAsync(cancellationToken).ConfigureAwait(false);
        return data.Succeeded && data.Value.Length >= NfsTypeOffset + sizeof(ulong)
            ? OfNfs(BinaryPrimitives.ReadUInt64LittleEndian(data.Value.Span[NfsTypeOffset..]))
            : PosixFileType.Plain;
    }

    private static PosixFileType Of(uint reparseTag) => reparseTag switch
    {
        0xA000000C => PosixFileType.SymbolicLink, // IO_REPARSE_TAG_SYMLINK
        0xA000001D => PosixFileType.SymbolicLink, // IO_REPARSE_TAG_LX_SYMLINK
        0x80000023 => PosixFileType.Socket, // IO_REPARSE_TAG_AF_UNIX
        0x80000024 => PosixFileType.Fifo, // IO_REPARSE_TAG_LX_FIFO
        0x80000025 => PosixFileType.CharacterDevice, // IO_REPARSE_TAG_LX_CHR
        0x80000026 => PosixFileType.BlockDevice, // IO_REPARSE_TAG_LX_BLK
        _ => PosixFileType.Plain,
    };

    /// <summary>The types are ASCII words: LNK, CHR, BLK, FIFO, SOCK.</summary>
    private static PosixFileType OfNfs(ulong type) => type switch
    {
        0x00000000014B4E4C => PosixFileType.SymbolicLink,
        0x0000000000524843 => PosixFileType.CharacterDevice,
        0x00000000004B4C42 => PosixFileType.BlockDevice,
        0x000000004F464946 => PosixFileType.Fifo,
        0x000000004B434F53 => PosixFileType.Socket,
        _ => PosixFileType.Plain,
    };
}
