using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// A listing in the order of the file system, holding no more than one buffer of entries. What the store does not serve is left out:
/// FIFOs, sockets, devices, and symbolic links that lead nowhere or out of the share.
/// </summary>
internal sealed unsafe class LinuxListing(LinuxFileStore store, DirectoryReader reader, byte[]? directory) : IStoreListing
{
    // So many look-ups of names take about a millisecond.
    private const int LargestBatch = 256;

    private readonly Lock _sync = new();

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
    {
        lock (_sync)
            return new(Read(entries.Span));
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
                return error != 0 && count == 0 ? error.ToStatus() : count;
            if (TryDescribe(name, type, out var metadata))
                entries[count++] = new StoreEntry(DiskNames.Decode(name[..^1]), metadata);
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
            return false; // gone since
        if (stat.Type == StatxBuffer.TypeLink)
        {
            using var target = directory is null ? null : store.Tree.OpenListed(directory, name);
            if (target is null || LinuxTree.Stat(target, out stat) != 0 || !(stat.IsRegular || stat.IsDirectory))
                return false;
            metadata = store.ToMetadata(stat, ReadRecord(target, default));
            return true;
        }

        if (!stat.IsRegular && !stat.IsDirectory)
            return false;
        metadata = store.ToMetadata(stat, ReadRecord(reader.Directory, name));
        return true;
    }

    /// <summary>The record of an entry of <paramref name="at"/>, or of that itself when there is no name.</summary>
    private DosRecord? ReadRecord(FileDescriptor at, ReadOnlySpan<byte> nameWithZero)
    {
        if (!store.HasAttributes)
            return null;
        using var handle = new HandlePath(at);
        Span<byte> path = stackalloc byte[HandlePath.MaxLength + 1 + 256];
        handle.Text.CopyTo(path);
        if (!nameWithZero.IsEmpty)
        {
            path[handle.Length] = (byte)'/';
            nameWithZero.CopyTo(path[(handle.Length + 1)..]);
        }

        var value = stackalloc byte[DosRecord.Size];
        fixed (byte* text = path)
        fixed (byte* attribute = DosRecord.Name)
        {
            var size = nameWithZero.IsEmpty
                ? Native.GetAttribute(text, attribute, value, DosRecord.Size)
                : Native.GetAttributeNoFollow(text, attribute, value, DosRecord.Size);
            return size > 0 && DosRecord.TryParse(new ReadOnlySpan<byte>(value, (int)size), out var record) ? record : null;
        }
    }
}
