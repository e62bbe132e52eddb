using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

// A stream is sparse when its file is; it has no holes of its own.
internal sealed partial class LinuxStream : ISparseFile, IExtentFile
{
    private const int ZerosAtOnce = 1 << 20;

    /// <inheritdoc/>
    public async ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken)
    {
        var zeros = new byte[Math.Min(length, ZerosAtOnce)];
        var status = NtStatus.Success;
        for (var end = offset + length; offset < end && status == NtStatus.Success; offset += zeros.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(zeros.Length, end - offset);
            status = await WriteAsync(offset, new ReadOnlySequence<byte>(zeros, 0, count), cancellationToken).ConfigureAwait(false);
        }

        return status;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<StoreExtent>>> FindExtentsAsync(long offset, CancellationToken cancellationToken)
    {
        FileDescriptor? side;
        lock (Volume.AttributeLocks.Of(stream.Inode))
        {
            side = stream.Side; // data that is small is in an attribute
        }

        return side is null ? new(new NtResult<IReadOnlyList<StoreExtent>>([])) : FindExtentsAsync(side, offset);
    }

    /// <inheritdoc/>
    public async ValueTask<NtResult<StoreRange>> FindAllocatedAsync(long offset, CancellationToken cancellationToken)
    {
        var metadata = await GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return !metadata.Succeeded ? metadata.Status
            : offset >= metadata.Value.Length ? default
            : new StoreRange(offset, metadata.Value.Length - offset);
    }
}
