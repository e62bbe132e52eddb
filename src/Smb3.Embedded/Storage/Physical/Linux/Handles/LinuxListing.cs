using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

/// <summary>
/// A listing in the order of the file system, holding no more than one buffer of entries. Entries that the store does not serve are left
/// out: FIFOs, sockets, devices, and symbolic links that lead nowhere or out of the share. An entry that cannot be inspected for another
/// reason ends the listing with that reason.
/// </summary>
internal sealed class LinuxListing(LinuxVolume volume, DirectoryReader reader, byte[]? directory) : IStoreListing
{
    // This many look-ups of names take about a millisecond.
    private const int LargestBatch = 256;

    private readonly Lock _sync = new();
    private Errno _failed;

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
        while (_failed == 0 && count < Math.Min(entries.Length, LargestBatch) && reader.TryNext(out var name, out var type, out _failed))
        {
            if (!ReservedNames.Is(name[..^1]) && TryDescribe(name, type, out var metadata))
            {
                entries[count++] = new StoreEntry(DiskNames.Decode(name[..^1]), metadata);
            }
        }

        return count == 0 && _failed != 0 ? _failed.ToStatus() : count;
    }

    private bool TryDescribe(ReadOnlySpan<byte> name, byte type, out FileMetadata metadata)
    {
        metadata = default;
        if (type is not (DirectoryReader.RegularType or DirectoryReader.DirectoryType or DirectoryReader.LinkType
            or DirectoryReader.UnknownType))
        {
            return false;
        }

        var error = InodeCalls.StatEntry(reader.Directory, name, out var stat);
        if (error != 0)
        {
            _failed = error == Errno.NoEntry ? 0 : error; // no longer exists
            return false;
        }

        if (stat.Type == StatxBuffer.TypeLink)
        {
            return TryFollow(name, stat, out metadata);
        }

        if (!stat.IsRegular && !stat.IsDirectory)
        {
            return false;
        }

        metadata = volume.Metadata.OfEntry(stat, volume.Attributes.OfEntry(reader.Directory, name, stat));
        return true;
    }

    private bool TryFollow(ReadOnlySpan<byte> name, in StatxBuffer link, out FileMetadata metadata)
    {
        metadata = default;
        if (directory is null)
        {
            return false;
        }

        using var target = volume.Tree.OpenListed(directory, name, out var error);
        if (target is not null)
        {
            error = InodeCalls.Stat(target, out var stat);
            if (error == 0)
            {
                metadata = stat.IsRegular || stat.IsDirectory ? volume.Metadata.Of(target, stat) : default;
                return stat.IsRegular || stat.IsDirectory;
            }
        }

        if (error is Errno.NoEntry or Errno.NotDirectory or Errno.Loop or Errno.CrossDevice)
        {
            return false;
        }

        // The link leads somewhere beneath the root where this process may not look: a client that opens it gets that error.
        metadata = volume.Metadata.OfEntry(link, default);
        return true;
    }
}
