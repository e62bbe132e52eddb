using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Apple;

namespace Smb3.Embedded.Files.Apple;

/// <summary>What macOS keeps with a file in named streams: its resource fork and its Finder info.</summary>
/// <param name="MaximalAccess">What the caller may do with the file.</param>
/// <param name="ResourceForkLength">Bytes of the resource fork.</param>
/// <param name="FinderInfo">The shortened Finder info, sixteen bytes in big-endian order.</param>
/// <param name="Mode">Type and permission bits of UNIX.</param>
/// <param name="HasStreams">Whether it has named streams, or may have.</param>
internal readonly record struct AppleAttributes(
    FileAccessMask MaximalAccess, long ResourceForkLength, UInt128 FinderInfo, ushort Mode, bool HasStreams)
{
    // S_IFDIR, S_IFREG and S_IFLNK.
    private const int Directory = 0x4000;
    private const int Regular = 0x8000;
    private const int Symlink = 0xA000;

    /// <summary>Reads them for a directory entry; an entry that has gone in the meantime has none.</summary>
    public static async ValueTask<AppleAttributes> ReadAsync(
        FileOpen directory, string name, FileMetadata listed, CancellationToken cancellationToken)
    {
        var record = directory.State;
        if (name is "." or "..")
        {
            return new(record.ShareMaximalAccess, 0, 0, ModeOf(listed), HasStreams: true);
        }

        var volume = directory.Volume;
        var opened = await volume.Store.OpenAsync(directory.Path.Append(name), StoreAccess.Metadata, cancellationToken)
            .ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return new(FileAccessMask.None, 0, 0, ModeOf(listed), HasStreams: true);
        }

        var file = opened.Value;
        await using var fileUse = file.ConfigureAwait(false);
        var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return new(FileAccessMask.None, 0, 0, ModeOf(listed), HasStreams: true);
        }

        var granted = await volume.Security.GrantAsync(
            file,
            metadata.Value.IsDirectory,
            record.Caller,
            FileAccessMask.FileAllAccess & record.ShareMaximalAccess,
            cancellationToken).ConfigureAwait(false);
        var access = granted.Succeeded ? granted.Value : FileAccessMask.None;
        if (!volume.Store.Traits.Has(StoreAbilities.NamedStreams) || file is not IStreamedFile streamed)
        {
            return new(access, 0, 0, ModeOf(metadata.Value), HasStreams: false);
        }

        long fork = 0;
        UInt128 finder = 0;
        var streams = await streamed.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var stream in streams.Succeeded ? streams.Value : [])
        {
            if (AfpStream.IsResourceFork(stream.Name))
            {
                fork = stream.Length;
            }
            else if (AfpStream.IsInformation(stream.Name) && stream.Length >= AfpInfo.Size)
            {
                finder = await ReadFinderInfoAsync(streamed, metadata.Value.IsDirectory, cancellationToken).ConfigureAwait(false);
            }
        }

        return new(access, fork, finder, ModeOf(metadata.Value), HasStreams: !streams.Succeeded || streams.Value.Count > 0);
    }

    /// <summary>The whole mode, as stat(2) has it; a store without permission bits has those of a program that asks for none.</summary>
    private static ushort ModeOf(in FileMetadata metadata)
    {
        const uint SymlinkTag = 0xA000000C;
        return metadata.ReparseTag == SymlinkTag ? (ushort)(Symlink | 0b111_111_111)
            : metadata.IsDirectory ? (ushort)(Directory | (int)(metadata.UnixMode ?? (UnixFileMode)0b111_101_101))
            : (ushort)(Regular | (int)(metadata.UnixMode ?? (UnixFileMode)0b110_100_100));
    }

    private static async ValueTask<UInt128> ReadFinderInfoAsync(
        IStreamedFile file, bool isDirectory, CancellationToken cancellationToken)
    {
        var opened = await file.OpenStreamAsync(AfpStream.Information, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return 0;
        }

        var stream = opened.Value;
        await using var streamUse = stream.ConfigureAwait(false);
        var data = new byte[AfpInfo.Size];
        var read = await stream.ReadAsync(0, data, cancellationToken).ConfigureAwait(false);
        return read.Succeeded && AfpInfo.IsValid(data.AsSpan(0, read.Value))
            ? Shorten(AfpInfo.FinderInfoOf(data), isDirectory)
            : 0;
    }

    /// <summary>
    /// Type and creator (a directory has none), flags, extended flags, date added. The last two are in the second half, FndrExtendedFileInfo
    /// of HFS+: document id (4), date added (4), extended flags (2).
    /// </summary>
    private static UInt128 Shorten(ReadOnlySpan<byte> finderInfo, bool isDirectory)
    {
        Span<byte> shortened = stackalloc byte[16];
        shortened.Clear();
        if (!isDirectory)
        {
            finderInfo[..8].CopyTo(shortened);
        }

        finderInfo.Slice(8, 2).CopyTo(shortened[8..]);
        finderInfo.Slice(24, 2).CopyTo(shortened[10..]);
        finderInfo.Slice(20, 4).CopyTo(shortened[12..]);
        return BinaryPrimitives.ReadUInt128BigEndian(shortened);
    }
}
