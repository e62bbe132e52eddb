using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>An open handle on a node, or on one of its streams. Everything completes at once.</summary>
internal partial class MemoryHandle(StorePath path, MemoryNode node, MemoryNamedStream? stream = null)
    : IStoreFile, ISecurableFile, IStreamedFile, IUnnamedStreamFile, IExtendedAttributeFile, IPosixFile
{
    private int _closed;

    /// <inheritdoc/>
    public StorePath Path => path;

    private MemoryContent Content => new(node, stream);

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) =>
        new(node.GetMetadata(stream));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
    {
        node.SetMetadata(change);
        return new(NtStatus.Success);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        new(Content.Read(offset, buffer.Span));

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        new(Content.Write(offset, data));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
        new(Content.SetLength(length));

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
        new(Content.Reserve(size));

    /// <summary>Memory never survives a loss of power; there is nothing to wait for.</summary>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(NtStatus.Success);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
        new(stream is null && node is MemoryDirectory directory
            ? new NtResult<IStoreListing>(new MemoryListing(directory))
            : NtStatus.NotADirectory);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken) =>
        new(node.GetValues().Descriptor);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        new(node.SetSecurityDescriptor(descriptor));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken) =>
        new(Open(node.OpenStream(name, create: false)));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken) =>
        new(Open(node.OpenStream(name, create: true)));

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken) =>
        new(new NtResult<IReadOnlyList<StoreStreamEntry>>(node.ListStreams()));

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken) =>
        new(node.RenameStream(name, newName, replace));

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken)
    {
        var named = node.NameData(newName, replace, handles);
        if (!named.Succeeded)
        {
            return new(named.Status);
        }

        var opened = new IStoreStream[handles];
        for (var i = 0; i < handles; i++)
        {
            opened[i] = new MemoryStreamHandle(path, node, named.Value);
        }

        return new(opened);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken) => new(node.DeleteStream(name));

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(CancellationToken cancellationToken) =>
        new(new NtResult<IReadOnlyList<ExtendedAttribute>>(node.GetValues().ExtendedAttributes.ToList()));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetExtendedAttributesAsync(
        IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken) =>
        new(node.SetExtendedAttributes(changes));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetUnixModeAsync(UnixFileMode mode, CancellationToken cancellationToken)
    {
        node.SetUnixMode(mode);
        return new(NtStatus.Success);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            node.Close(stream);
        }

        return ValueTask.CompletedTask;
    }

    private NtResult<IStoreStream> Open(NtResult<MemoryNamedStream> opened) =>
        opened.Succeeded ? new MemoryStreamHandle(path, node, opened.Value) : opened.Status;
}
