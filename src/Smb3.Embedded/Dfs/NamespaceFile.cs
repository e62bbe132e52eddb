using System.Buffers;
using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Dfs;

/// <summary>A handle of a folder of a namespace.</summary>
internal sealed class NamespaceFile(DfsNamespace root, NamespaceFolder folder) : IStoreFile, IReparseFile
{
    /// <summary>IO_REPARSE_TAG_DFS (MS-FSCC 2.1.2.1).</summary>
    private const uint LinkTag = 0x8000000A;

    private const int ReparseHeaderSize = 8;

    /// <inheritdoc/>
    public StorePath Path => folder.Path;

    /// <summary>The number of a folder: it stays the same for as long as its path does.</summary>
    public static ulong NumberOf(string path)
    {
        // FNV-1a over the path without regard to case.
        var hash = 14695981039346656037UL;
        foreach (var c in path)
        {
            hash = (hash ^ char.ToUpperInvariant(c)) * 1099511628211UL;
        }

        return hash == 0 ? 1 : hash;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) => new(Describe(root, folder));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(NtStatus.Success);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
        new(new Listing(root, root.Tree.Find(folder.Path)?.Folders ?? []));

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken)
    {
        if (folder.Link is null)
        {
            return new(NtStatus.NotAReparsePoint);
        }

        // The data belongs to the server (MS-FSCC 2.1.2.1), and clients make nothing of it: there is none.
        var buffer = new byte[ReparseHeaderSize];
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, LinkTag);
        return new(new NtResult<ReadOnlyMemory<byte>>(buffer));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static FileMetadata Describe(DfsNamespace root, NamespaceFolder folder) => new()
    {
        FileId = NumberOf(folder.Path.Text),
        Attributes = FileAttributes.Directory | (folder.Link is null ? 0 : FileAttributes.ReparsePoint),
        CreationTime = root.MadeAt,
        LastAccessTime = root.Tree.MadeAt,
        LastWriteTime = root.Tree.MadeAt,
        ChangeTime = root.Tree.MadeAt,
        LinkCount = 1,
        ReparseTag = folder.Link is null ? 0 : LinkTag,
    };

    /// <summary>A listing of what was there when it began.</summary>
    private sealed class Listing(DfsNamespace root, List<NamespaceFolder> folders) : IStoreListing
    {
        private int _next;

        public ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
        {
            var count = 0;
            for (; count < entries.Length && _next < folders.Count; count++, _next++)
            {
                entries.Span[count] = new StoreEntry(folders[_next].Path.Name.ToString(), Describe(root, folders[_next]));
            }

            return new(count);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
