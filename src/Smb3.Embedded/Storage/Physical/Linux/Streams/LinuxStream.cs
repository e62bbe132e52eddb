using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>An open handle on a named stream.</summary>
internal sealed partial class LinuxStream(LinuxFileStore store, FileDescriptor file, StorePath path, bool isDirectory, NamedStream stream)
    : LinuxHandle(store, file, path, isDirectory), IStoreStream
{
    /// <inheritdoc/>
    public string StreamName { get; } = stream.Name;

    /// <inheritdoc/>
    public async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var error = LinuxTree.Stat(Inode, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        var whole = Store.ToMetadata(Inode, stat);
        LinuxFile? side;
        lock (Store.LockOf(stat))
        {
            side = stream.Side;
            if (stream.Data is { } data)
            {
                return whole with { Length = data.Length, AllocationSize = StreamStore.Resident(data.Length) };
            }
        }

        var own = await side!.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return own.Succeeded
            ? whole with { Length = own.Value.Length, AllocationSize = own.Value.AllocationSize }
            : own.Status;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        LinuxFile? side;
        lock (Store.LockOf(stream.Inode))
        {
            side = stream.Side;
            if (stream.Data is { } data)
            {
                if (offset >= data.Length)
                {
                    return new(0);
                }

                var count = Math.Min(buffer.Length, data.Length - (int)offset);
                data.AsSpan((int)offset, count).CopyTo(buffer.Span);
                return new(count);
            }
        }

        return side!.ReadAsync(offset, buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (offset > Store.Traits.MaxFileLength - data.Length)
        {
            return new(data.Length == 0 ? NtStatus.Success : NtStatus.FileTooLarge);
        }

        if (data.Length == 0)
        {
            return new(NtStatus.Success);
        }

        return stream.IsForeign
            ? new(Task.Run(() => WriteHereAsync(offset, data, cancellationToken).AsTask()))
            : WriteHereAsync(offset, data, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (length > Store.Traits.MaxFileLength)
        {
            return new(NtStatus.FileTooLarge);
        }

        return stream.IsForeign
            ? new(Task.Run(() => SetLengthHereAsync(length, cancellationToken).AsTask()))
            : SetLengthHereAsync(length, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken)
    {
        LinuxFile? side;
        lock (Store.LockOf(stream.Inode))
        {
            side = stream is { Data: null, IsForeign: false } ? stream.Side : null;
        }

        return side is null ? new(NtStatus.Success) : side.AllocateAsync(size, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken)
    {
        LinuxFile? side;
        lock (Store.LockOf(stream.Inode))
        {
            side = stream.Data is null ? stream.Side : null;
        }

        if (side is not null)
        {
            var status = await side.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        return await Task.Run(() => FlushAttribute(isAside: side is not null), CancellationToken.None).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => new(NtStatus.NotADirectory);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Store.Streams.CloseAsync(stream).ConfigureAwait(false);
        Close();
    }

    private ValueTask<NtStatus> WriteHereAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        var error = LinuxTree.Stat(Inode, out var stat);
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        LinuxFile side;
        lock (Store.LockOf(stat))
        {
            var end = offset + data.Length;
            var writer = new StreamWriter(Store, Inode, stream, stat);
            if (stream.Data is { } old && end <= StreamWriter.LargestInline)
            {
                var now = new byte[Math.Max(old.Length, end)];
                old.CopyTo(now, 0);
                data.CopyTo(now.AsSpan((int)offset));
                return new(Finish(writer.Replace(now)));
            }

            var status = HaveOwnSide(writer);
            if (status != NtStatus.Success)
            {
                return new(status);
            }

            side = stream.Side!;
        }

        return FinishAsync(side.WriteAsync(offset, data, cancellationToken));
    }

    private ValueTask<NtStatus> SetLengthHereAsync(long length, CancellationToken cancellationToken)
    {
        var error = LinuxTree.Stat(Inode, out var stat);
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        LinuxFile side;
        lock (Store.LockOf(stat))
        {
            var writer = new StreamWriter(Store, Inode, stream, stat);
            if (stream.Data is { } old && length <= StreamWriter.LargestInline)
            {
                var now = new byte[length];
                old.AsSpan(0, Math.Min(old.Length, now.Length)).CopyTo(now);
                return new(Finish(writer.Replace(now)));
            }

            var status = HaveOwnSide(writer);
            if (status != NtStatus.Success)
            {
                return new(status);
            }

            side = stream.Side!;
        }

        return FinishAsync(side.SetLengthAsync(length, cancellationToken));
    }

    private NtStatus HaveOwnSide(in StreamWriter writer) =>
        stream.Data is not null || stream.IsForeign ? writer.MoveAside() : NtStatus.Success;

    private ValueTask<NtStatus> FinishAsync(ValueTask<NtStatus> change) =>
        change.IsCompletedSuccessfully ? new(Finish(change.Result)) : FinishLaterAsync(change);

    private async ValueTask<NtStatus> FinishLaterAsync(ValueTask<NtStatus> change) => Finish(await change.ConfigureAwait(false));

    // Writing to a stream counts as writing to its file.
    private NtStatus Finish(NtStatus status)
    {
        if (status == NtStatus.Success)
        {
            InodeTimes.MarkWritten(Inode);
        }

        return status;
    }

    private NtStatus FlushAttribute(bool isAside)
    {
        if (isAside && Store.Streams.Side.Flush() is var failed && failed != 0)
        {
            return failed.ToStatus();
        }

        using var open = LinuxTree.Reopen(Inode, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out var error);
        if (open is null)
        {
            return error == Errno.Access ? NtStatus.Success : error.ToStatus(); // the process may not read the file itself
        }

        return Native.Sync(open) == 0 ? NtStatus.Success : Native.LastError.ToStatus();
    }
}
