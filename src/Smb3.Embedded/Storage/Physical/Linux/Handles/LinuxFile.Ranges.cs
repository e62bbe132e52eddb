using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

// Holes, copies and clones.
internal sealed unsafe partial class LinuxFile
    : ISparseFile, ICopyTarget, ICloneTarget, IExtentFile
{
    private const int ZeroesAtOnce = 1 << 20;

    /// <inheritdoc/>
    public ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken) =>
        IsDirectory ? new(NtStatus.InvalidDeviceRequest) : RunChargedAsync(offset + length, () => Zero(offset, length, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken) =>
        Volume.Data.RunAsync(() =>
        {
            Punch(offset, length);
            return NtStatus.Success; // trimming is only a hint
        });

    /// <inheritdoc/>
    public ValueTask<NtResult<StoreRange>> FindAllocatedAsync(long offset, CancellationToken cancellationToken)
    {
        var start = Native.Seek(Inode, offset, Native.SeekData);
        if (start < 0)
        {
            return Native.LastError is var error && error == Errno.NoSuchDevice ? new(default(StoreRange)) : new(error.ToStatus());
        }

        var end = Native.Seek(Inode, start, Native.SeekHole);
        return end < 0 ? new(Native.LastError.ToStatus()) : new(new StoreRange(start, end - start));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<StoreExtent>>> FindExtentsAsync(long offset, CancellationToken cancellationToken) =>
        FindExtentsAsync(Inode, offset);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        source is LinuxFile from && !IsDirectory
            ? RunChargedAsync(targetOffset + length, () => Copy(from, sourceOffset, targetOffset, length, cancellationToken))
            : new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        source is LinuxFile from && !IsDirectory
            ? RunChargedAsync(targetOffset + length, () => Clone(from, sourceOffset, targetOffset, length))
            : new(NtStatus.NotSupported);

    private NtStatus Zero(long offset, long length, CancellationToken cancellationToken)
    {
        BeforeChange();
        var sparse = ((InodeExtras.RecordOf(Inode)?.Attributes ?? 0) & FileAttributes.SparseFile) != 0;
        var error = sparse ? Punch(offset, length) : DataCalls.Allocate(Inode, Native.ZeroRange | Native.KeepSize, offset, length);
        return error is Errno.NotSupported or Errno.NoSystemCall
            ? WriteZeros(offset, length, cancellationToken)
            : error.ToStatus();
    }

    private Errno Punch(long offset, long length) => DataCalls.Allocate(Inode, Native.PunchHole | Native.KeepSize, offset, length);

    private NtStatus WriteZeros(long offset, long length, CancellationToken cancellationToken)
    {
        var zeros = new byte[Math.Min(length, ZeroesAtOnce)];
        for (var end = offset + length; offset < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long done = 0;
            var piece = new System.Buffers.ReadOnlySequence<byte>(zeros, 0, (int)Math.Min(zeros.Length, end - offset));
            var error = DataCalls.Write(Inode, offset, piece, 0, ref done);
            if (error != 0)
            {
                return error.ToStatus();
            }

            offset += piece.Length;
        }

        return NtStatus.Success;
    }

    private NtStatus Copy(LinuxFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        BeforeChange();
        while (length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var copied = Native.CopyRange(
                Native.CopyFileRangeNumber, source.Inode, &sourceOffset, Inode, &targetOffset, (nint)length, 0);
            if (copied == 0)
            {
                return NtStatus.NotSupported; // shorter than it was, or a file whose content only reading can tell
            }

            if (copied > 0)
            {
                length -= copied;
            }
            else if (Native.LastError is var error && error != Errno.Interrupted)
            {
                return error.IsRefusal() ? NtStatus.NotSupported : error.ToStatus();
            }
        }

        return NtStatus.Success;
    }

    private NtStatus Clone(LinuxFile source, long sourceOffset, long targetOffset, long length)
    {
        BeforeChange();
        bool held = false;
        source.Inode.DangerousAddRef(ref held);
        try
        {
            var range = new CloneRange
            {
                Source = source.Inode.Number,
                SourceOffset = (ulong)sourceOffset,
                Length = (ulong)length,
                TargetOffset = (ulong)targetOffset,
            };
            if (Native.Control(Inode, Native.CloneRangeRequest, &range) == 0)
            {
                return NtStatus.Success;
            }

            var error = Native.LastError;
            return error.IsRefusal() ? NtStatus.NotSupported : error.ToStatus();
        }
        finally
        {
            source.Inode.DangerousRelease();
        }
    }

}
