using System.Buffers;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Commands.Io;

/// <summary>WRITE (MS-SMB2 3.3.5.13). The store writes straight from the received frame.</summary>
internal sealed class WriteHandler : ICommandHandler
{
    public ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!WriteRequest.TryParse(request.Message.Span, out var write))
        {
            return new(NtStatus.InvalidParameter);
        }

        // MS-SMB2 3.3.5.13: a channel that is named must be there, and the request then carries nothing itself, and something through it.
        var negotiated = request.Connection.Negotiated!;
        var isThrough = negotiated.IsSmb3 && write.Channel != Smb2Channel.None;
        var length = isThrough ? write.RemainingBytes : (uint)write.DataLength;
        if (length > (uint)negotiated.MaxWriteSize
            || !request.HasPaidFor(length)
            || (isThrough && (write.DataLength != 0 || write.SentDataOffset != 0 || length == 0 || !request.CanReachClient)))
        {
            return new(NtStatus.InvalidParameter);
        }

        var status = request.FindOpen(write.FileId, out var open);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        ReadOnlyMemory<byte> data = request.Message.Slice(write.DataOffset, write.DataLength);
        if (open is PipeHandle pipe && !isThrough)
        {
            return WritePipeAsync(request, pipe, data);
        }

        if (open is not FileHandle handle)
        {
            return new(isThrough ? NtStatus.InvalidParameter : NtStatus.InvalidDeviceRequest);
        }

        // MS-FSA 2.1.5.4: −1 appends; every other offset that is negative as a signed number is invalid.
        if (write.Offset != ulong.MaxValue && (write.Offset > long.MaxValue || length > long.MaxValue - write.Offset))
        {
            return new(NtStatus.InvalidParameter);
        }

        var offset = write.Offset == ulong.MaxValue ? WriteOperation.AppendOffset : (long)write.Offset;
        var through = (write.Flags & WriteFlags.WriteThrough) != 0;
        if (isThrough)
        {
            return write.TryGetChannelInfo(out var info) && request.TryReachToFetch(write.Channel, info, (int)length) is { } memory
                ? WriteThroughAsync(request, handle, offset, through, memory)
                : new(NtStatus.InvalidParameter);
        }

        var writing = handle.File.WriteAsync(offset, new ReadOnlySequence<byte>(data), through, request.Token);
        return writing.IsCompletedSuccessfully
            ? new(Finish(request, writing.Result, data.Length))
            : FinishAsync(request, writing, data.Length);
    }

    /// <summary>Data that is fetched needs memory, as an output does.</summary>
    public long LargestOutput(Request request) =>
        request.CanReachClient && WriteRequest.TryParse(request.Message.Span, out var write) && write.Channel != Smb2Channel.None
            ? write.RemainingBytes
            : 0;

    private static async ValueTask<NtStatus> FinishAsync(Request request, ValueTask<NtStatus> writing, int length) =>
        Finish(request, await writing.ConfigureAwait(false), length);

    private static NtStatus Finish(Request request, NtStatus status, int length)
    {
        if (status == NtStatus.Success)
        {
            WriteResponse.Write(request.Append(WriteResponse.FixedSize), (uint)length);
        }

        return status;
    }

    /// <summary>The data is fetched from the client's memory first.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<NtStatus> WriteThroughAsync(
        Request request, FileHandle handle, long offset, bool through, ClientMemory memory)
    {
        using (memory)
        {
            var status = await memory.FetchAsync().ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                var data = new ReadOnlySequence<byte>(memory.Data);
                status = await handle.File.WriteAsync(offset, data, through, request.Token).ConfigureAwait(false);
            }

            request.Invalidate(memory.Invalidates);
            return Finish(request, status, memory.Data.Length);
        }
    }

    private static async ValueTask<NtStatus> WritePipeAsync(Request request, PipeHandle pipe, ReadOnlyMemory<byte> data)
    {
        var status = await pipe.Pipe.WriteAsync(data, request.EnableCancel()).ConfigureAwait(false);
        return Finish(request, status, data.Length);
    }
}
