using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Apple;

/// <summary>What macOS keeps with a file in named streams: its resource fork and its Finder info.</summary>
/// <param name="MaximalAccess">What the caller may do with the file.</param>
/// <param name="ResourceForkLength">Bytes of the resource fork.</param>
/// <param name="FinderInfo">The shortened Finder info, sixteen bytes in big-endian order.</param>
internal readonly record struct AppleAttributes(FileAccessMask MaximalAccess, long ResourceForkLength, UInt128 FinderInfo)
{
    private const string ResourceFork = "AFP_Resource";
    private const string Information = "AFP_AfpInfo";

    // AFP_AfpInfo: signature "AFP\0" (4), version (4), file id (4), backup time (4), Finder info (32), ProDOS info (6), reserved (6).
    private const int InformationSize = 60;
    private const int FinderInfoOffset = 16;

    /// <summary>Reads them for a directory entry; an entry that has gone in the meantime has none.</summary>
    public static async ValueTask<AppleAttributes> ReadAsync(FileOpen directory, string name, CancellationToken cancellationToken)
    {
        var record = directory.State;
        if (name is "." or "..")
        {
            return new(record.ShareMaximalAccess, 0, 0);
        }

        var volume = directory.Volume;
        var opened = await volume.Store.OpenAsync(directory.Path.Append(name), StoreAccess.Metadata, cancellationToken)
            .ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return default;
        }

        var file = opened.Value;
        await using var fileUse = file.ConfigureAwait(false);
        var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return default;
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
            return new(access, 0, 0);
        }

        long fork = 0;
        UInt128 finder = 0;
        var streams = await streamed.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var stream in streams.Succeeded ? streams.Value : [])
        {
            if (stream.Name.Equals(ResourceFork, StringComparison.OrdinalIgnoreCase))
            {
                fork = stream.Length;
            }
            else if (stream.Name.Equals(Information, StringComparison.OrdinalIgnoreCase) && stream.Length >= InformationSize)
            {
                finder = await ReadFinderInfoAsync(streamed, metadata.Value.IsDirectory, cancellationToken).ConfigureAwait(false);
            }
        }

        return new(access, fork, finder);
    }

    private static async ValueTask<UInt128> ReadFinderInfoAsync(
        IStreamedFile file, bool isDirectory, CancellationToken cancellationToken)
    {
        var opened = await file.OpenStreamAsync(Information, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return 0;
        }

        var stream = opened.Value;
        await using var streamUse = stream.ConfigureAwait(false);
        var data = new byte[InformationSize];
        var read = await stream.ReadAsync(0, data, cancellationToken).ConfigureAwait(false);
        return read.Succeeded && read.Value == InformationSize
            ? Shorten(data.AsSpan(FinderInfoOffset, 32), isDirectory)
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
