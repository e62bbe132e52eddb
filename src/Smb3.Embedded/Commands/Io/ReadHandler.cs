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

/// <summary>READ (MS-SMB2 3.3.5.12). The store reads straight into the response behind its header.</summary>
internal sealed class ReadHandler : ICommandHandler
{
    public ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!ReadRequest.TryParse(request.Message.Span, out var read))
        {
            return new(NtStatus.InvalidParameter);
        }

        // MS-SMB2 3.3.5.12: a channel that is named must be there, and something must go through it.
        var negotiated = request.Connection.Negotiated!;
        var isThrough = negotiated.IsSmb3 && read.Channel != Smb2Channel.None;
        if (read.Length > (uint)negotiated.MaxReadSize
            || !request.HasPaidFor(read.Length)
            || (isThrough && (read.Length == 0 || !request.CanReachClient)))
        {
            return new(NtStatus.InvalidParameter);
        }

        // A client that takes no message as long as the data that it asks for gets less: Linux' does so where it seals over SMB Direct.
        var length = isThrough
            ? (int)read.Length
            : (int)Math.Min(read.Length, request.LargestMessage - ReadResponse.DataOffset - Smb2TransformHeader.Size);
        if (length < read.MinimumCount && length < read.Length)
        {
            return new(NtStatus.InvalidParameter);
        }

        var status = request.FindOpen(read.FileId, out var open);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        if (open is PipeHandle pipe && !isThrough)
        {
            return ReadPipeAsync(request, pipe, length);
        }

        if (open is not FileHandle handle)
        {
            return new(isThrough ? NtStatus.InvalidParameter : NtStatus.InvalidDeviceRequest);
        }

        if (read.Offset > long.MaxValue || read.Length > long.MaxValue - read.Offset)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (isThrough)
        {
            return read.TryGetChannelInfo(out var info) && request.TryReachToPlace(read.Channel, info, length) is { } memory
                ? ReadThroughAsync(request, handle, (long)read.Offset, read.MinimumCount, memory)
                : new(NtStatus.InvalidParameter);
        }

        if ((read.Flags & ReadFlags.RequestCompressed) != 0 && negotiated.Compression is not null)
        {
            request.CompressReply = handle.Compression;
        }

        var buffer = request.AppendUninitialized(ReadResponse.FixedSize + length);
        var reading = handle.File.ReadAsync(
            (long)read.Offset, buffer[ReadResponse.FixedSize..], read.MinimumCount, request.Token);
        return reading.IsCompletedSuccessfully
            ? new(Finish(request, reading.Result))
            : FinishAsync(request, reading);
    }

    public long LargestOutput(Request request) => ReadRequest.TryParse(request.Message.Span, out var read) ? read.Length : 0;

    private static async ValueTask<NtStatus> FinishAsync(Request request, ValueTask<NtResult<int>> reading) =>
        Finish(request, await reading.ConfigureAwait(false));

    private static NtStatus Finish(Request request, NtResult<int> read)
    {
        if (!read.Succeeded)
        {
            return read.Status;
        }

        request.TrimBody(ReadResponse.FixedSize + read.Value);
        ReadResponse.Write(request.Body, read.Value);
        return NtStatus.Success;
    }

    /// <summary>
    /// The data goes into the client's memory, and the response only says how much of it there is, and how it is protected.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<NtStatus> ReadThroughAsync(
        Request request, FileHandle handle, long offset, uint minimumCount, ClientMemory memory)
    {
        using (memory)
        {
            var read = await handle.File.ReadAsync(offset, memory.Data, minimumCount, request.Token).ConfigureAwait(false);
            var isPlaced = read.Succeeded && await memory.PlaceAsync(read.Value).ConfigureAwait(false);
            request.Invalidate(memory.Invalidates);
            if (!isPlaced)
            {
                return read.Succeeded ? NtStatus.InvalidParameter : read.Status;
            }

            var body = request.Append(ReadResponse.FixedSize + memory.TransformSize);
            ReadResponse.Write(body, memory.TransformSize, (uint)read.Value, isTransformed: memory.TransformSize > 0);
            if (memory.TransformSize > 0)
            {
                memory.WriteTransform(body[ReadResponse.FixedSize..]);
            }

            return NtStatus.Success;
        }
    }

    private static async ValueTask<NtStatus> ReadPipeAsync(Request request, PipeHandle pipe, int length)
    {
        // The pipe may wait for long; what it reads goes into the response only then, which an interim response may have restarted.
        // No message is longer than the cap, so what a client asks for beyond it would only be held.
        var buffer = new byte[Math.Min(length, pipe.Pipe.LongestMessage)];
        var reading = pipe.Pipe.ReadAsync(buffer, request.EnableCancel());
        if (!reading.IsCompleted)
        {
            request.GoAsync();
        }

        var result = await reading.ConfigureAwait(false);
        if (result.Status.IsError())
        {
            return result.Status;
        }

        var body = request.Append(ReadResponse.FixedSize + result.Count);
        ReadResponse.Write(body, result.Count);
        buffer.AsSpan(0, result.Count).CopyTo(body[ReadResponse.FixedSize..]);
        return result.Status;
    }
}
