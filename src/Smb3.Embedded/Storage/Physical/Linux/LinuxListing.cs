using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// A listing in the order of the file system, holding no more than one buffer of entries. What the store does not serve is left out:
/// FIFOs, sockets, devices, and symbolic links that lead nowhere or out of the share.
/// </summary>
internal sealed class LinuxListing(LinuxFileStore store, DirectoryReader reader, byte[]? directory) : IStoreListing
{
    // So many look-ups of names take about a millisecond.
    private const int LargestBatch = 256;

    private readonly Lock _sync = new();

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            return new(Read(entries.Span));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        return ValueTask.CompletedTask;
    }

    private NtResult<int> Read(Span<StoreEntry> entries)
    {
        var count = 0;
        while (count < Math.Min(entries.Length, LargestBatch))
        {
            if (!reader.TryNext(out var name, out var type, out var error))
            {
                return error != 0 && count == 0 ? error.ToStatus() : count;
            }

            if (!ReservedNames.Is(name[..^1]) && TryDescribe(name, type, out var metadata))
            {
                entries[count++] = new StoreEntry(DiskNames.Decode(name[..^1]), metadata);
            }
        }

        return count;
    }

    private bool TryDescribe(ReadOnlySpan<byte> name, byte type, out FileMetadata metadata)
    {
        metadata = default;
        if (type is not (DirectoryReader.RegularType or DirectoryReader.DirectoryType or DirectoryReader.LinkType
            or DirectoryReader.UnknownType))
        {
            return false;
        }

        if (LinuxTree.StatEntry(reader.Directory, name, out var stat) != 0)
        {
            return false; // gone since
        }

        if (stat.Type == StatxBuffer.TypeLink)
        {
            using var target = directory is null ? null : store.Tree.OpenListed(directory, name);
            if (target is null || LinuxTree.Stat(target, out stat) != 0 || !(stat.IsRegular || stat.IsDirectory))
            {
                return false;
            }

            metadata = store.ToMetadata(target, stat);
            return true;
        }

        if (!stat.IsRegular && !stat.IsDirectory)
        {
            return false;
        }

        metadata = store.ToMetadata(stat, store.Attributes.OfEntry(reader.Directory, name, stat));
        return true;
    }
}
