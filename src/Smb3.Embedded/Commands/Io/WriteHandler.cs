using System.Buffers;
using Smb3.Embedded.Commands.Opens;
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

        var negotiated = request.Connection.Negotiated!;
        if (write.DataLength > negotiated.MaxWriteSize
            || !request.HasPaidFor(write.DataLength)
            || (negotiated.IsSmb3 && write.Channel != Smb2Channel.None))
        {
            return new(NtStatus.InvalidParameter);
        }

        var status = request.FindOpen(write.FileId, out var open);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        ReadOnlyMemory<byte> data = request.Message.Slice(write.DataOffset, write.DataLength);
        if (open is PipeHandle pipe)
        {
            return WritePipeAsync(request, pipe, data);
        }

        if (open is not FileHandle handle)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        // MS-FSA 2.1.5.4: −1 appends; every other offset that is negative as a signed number is none.
        if (write.Offset != ulong.MaxValue && (write.Offset > long.MaxValue || (ulong)data.Length > long.MaxValue - write.Offset))
        {
            return new(NtStatus.InvalidParameter);
        }

        var offset = write.Offset == ulong.MaxValue ? WriteOperation.AppendOffset : (long)write.Offset;
        var through = (write.Flags & WriteFlags.WriteThrough) != 0;
        var writing = handle.File.WriteAsync(offset, new ReadOnlySequence<byte>(data), through, request.Connection.Ended);
        return writing.IsCompletedSuccessfully
            ? new(Finish(request, writing.Result, data.Length))
            : FinishAsync(request, writing, data.Length);
    }

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

    private static async ValueTask<NtStatus> WritePipeAsync(Request request, PipeHandle pipe, ReadOnlyMemory<byte> data)
    {
        var status = await pipe.Pipe.WriteAsync(data, request.EnableCancel()).ConfigureAwait(false);
        return Finish(request, status, data.Length);
    }
}
