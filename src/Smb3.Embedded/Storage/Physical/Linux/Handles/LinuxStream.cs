using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;
using Smb3.Embedded.Storage.Physical.Linux.Streams;
using Smb3.Embedded.Storage.Physical.Linux.Volume;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

/// <summary>An open handle on a named stream.</summary>
internal sealed partial class LinuxStream(LinuxVolume volume, FileDescriptor file, StorePath path, bool isDirectory, NamedStream stream)
    : LinuxHandle(volume, file, path, isDirectory), IStoreStream
{
    /// <inheritdoc/>
    public string StreamName { get; } = stream.Name;

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) => new(GetMetadata());

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        FileDescriptor? side;
        lock (Volume.AttributeLocks.Of(stream.Inode))
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

        return Volume.Data.ReadAsync(side!, offset, buffer);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (offset > Volume.Traits.MaxFileLength - data.Length)
        {
            return new(data.Length == 0 ? NtStatus.Success : NtStatus.FileTooLarge);
        }

        if (data.Length == 0)
        {
            return new(NtStatus.Success);
        }

        return MovesData(offset + data.Length)
            ? new(Task.Run(() => WriteHereAsync(offset, data).AsTask()))
            : WriteHereAsync(offset, data);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (length > Volume.Traits.MaxFileLength)
        {
            return new(NtStatus.FileTooLarge);
        }

        return MovesData(length)
            ? new(Task.Run(() => SetLengthHere(length)))
            : new(SetLengthHere(length));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken)
    {
        FileDescriptor? side;
        ChargedLength? length;
        lock (Volume.AttributeLocks.Of(stream.Inode))
        {
            side = stream is { Data: null, IsForeign: false } ? stream.Side : null;
            length = stream.Length;
        }

        // As of a file: see LinuxFile.Reserve.
        return new(length is not null && !length.MayReach(size) ? NtStatus.DiskFull
            : side is null || length?.IsLimited == true ? NtStatus.Success
            : DataCalls.Reserve(side, size));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(Task.Run(Flush, CancellationToken.None));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => new(NtStatus.NotADirectory);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Volume.Streams.Close(stream);
        Close();
        return ValueTask.CompletedTask;
    }

    private NtResult<FileMetadata> GetMetadata()
    {
        var error = InodeCalls.Stat(Inode, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        var whole = Volume.Metadata.Of(Inode, stat);
        FileDescriptor? side;
        lock (Volume.AttributeLocks.Of(stat))
        {
            side = stream.Side;
            if (stream.Data is { } data)
            {
                return whole with { Length = data.Length, AllocationSize = StreamStore.Resident(data.Length) };
            }
        }

        error = InodeCalls.Stat(side!, out var own);
        if (error != 0)
        {
            return error.ToStatus();
        }

        var metadata = Volume.Metadata.Of(side!, own);
        return whole with { Length = metadata.Length, AllocationSize = metadata.AllocationSize };
    }

    private ValueTask<NtStatus> WriteHereAsync(long offset, ReadOnlySequence<byte> data)
    {
        var error = InodeCalls.Stat(Inode, out var stat);
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        FileDescriptor side;
        ChargedLength? length;
        lock (Volume.AttributeLocks.Of(stat))
        {
            var end = offset + data.Length;
            length = stream.Length;
            if (length?.TryBegin(end) == false)
            {
                return new(NtStatus.DiskFull);
            }

            var placement = new StreamPlacement(Volume.Streams.Side, Inode, stream, stat);
            if (stream.Data is { } old && end <= StreamPlacement.LargestInline)
            {
                var now = new byte[Math.Max(old.Length, end)];
                old.CopyTo(now, 0);
                data.CopyTo(now.AsSpan((int)offset));
                return new(Finish(placement.Replace(now), length));
            }

            var status = HaveOwnSide(placement);
            if (status != NtStatus.Success)
            {
                return new(Finish(status, length));
            }

            side = stream.Side!;
        }

        return FinishAsync(Volume.Data.WriteAsync(side, offset, data), length);
    }

    private NtStatus SetLengthHere(long length)
    {
        var error = InodeCalls.Stat(Inode, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        FileDescriptor side;
        ChargedLength? charged;
        lock (Volume.AttributeLocks.Of(stat))
        {
            charged = stream.Length;
            if (charged?.TryBegin(length) == false)
            {
                return NtStatus.DiskFull;
            }

            var placement = new StreamPlacement(Volume.Streams.Side, Inode, stream, stat);
            if (stream.Data is { } old && length <= StreamPlacement.LargestInline)
            {
                var now = new byte[length];
                old.AsSpan(0, Math.Min(old.Length, now.Length)).CopyTo(now);
                return Finish(placement.Replace(now), charged, isAsAnnounced: false);
            }

            var status = HaveOwnSide(placement);
            if (status != NtStatus.Success)
            {
                return Finish(status, charged);
            }

            side = stream.Side!;
        }

        return Finish(DataCalls.SetLength(side, length), charged, isAsAnnounced: false);
    }

    /// <summary>Whether the stream's data has to be copied, and flushed, before there can be so much of it.</summary>
    private bool MovesData(long length) =>
        stream.IsForeign || (length > StreamPlacement.LargestInline && stream.Data is { Length: > 0 });

    private NtStatus HaveOwnSide(in StreamPlacement placement) =>
        stream.Data is not null || stream.IsForeign ? placement.MoveAside() : NtStatus.Success;

    private ValueTask<NtStatus> FinishAsync(ValueTask<NtStatus> change, ChargedLength? length) =>
        change.IsCompletedSuccessfully ? new(Finish(change.Result, length)) : FinishLaterAsync(change, length);

    private async ValueTask<NtStatus> FinishLaterAsync(ValueTask<NtStatus> change, ChargedLength? length)
    {
        NtStatus status;
        try
        {
            status = await change.ConfigureAwait(false);
        }
        catch
        {
            length?.End(isAsAnnounced: false, stream);
            throw;
        }

        return Finish(status, length);
    }

    // Writing to a stream counts as writing to its file.
    private NtStatus Finish(NtStatus status, ChargedLength? length, bool isAsAnnounced = true)
    {
        length?.End(isAsAnnounced && status == NtStatus.Success, stream);
        if (status == NtStatus.Success)
        {
            InodeTimes.MarkWritten(Inode);
        }

        return status;
    }

    private NtStatus Flush()
    {
        FileDescriptor? side;
        lock (Volume.AttributeLocks.Of(stream.Inode))
        {
            side = stream.Data is null ? stream.Side : null;
        }

        if (side is not null)
        {
            var error = DataCalls.Flush(side);
            if (error == 0)
            {
                error = Volume.Streams.Side.Flush();
            }

            if (error != 0)
            {
                return error.ToStatus();
            }
        }

        return FlushInode();
    }
}
