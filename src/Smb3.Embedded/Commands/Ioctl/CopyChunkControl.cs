using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_SRV_COPYCHUNK and FSCTL_SRV_COPYCHUNK_WRITE (MS-SMB2 3.3.5.15.6).</summary>
internal sealed class CopyChunkControl(ServerLimits limits) : IFsControl
{
    // What is quick enough to be done before the next request of the connection is processed.
    private const long Brief = 256 * 1024;

    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!CopyChunkRequest.TryParse(call.Input.Span, out var copy))
        {
            return NtStatus.InvalidParameter;
        }

        if (ResumeKeyControl.Find(call.Request.Session!, copy.SourceKey) is not { } source)
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (!source.File.HasAny(OperationRights.Of(FileOperation.CopyRange).Source))
        {
            return NtStatus.AccessDenied;
        }

        if (!IsWithinLimits(copy, out var total))
        {
            // The only error whose data says not what was done but what can be done.
            Answer(call, (uint)limits.MaxCopyChunks, (uint)limits.MaxCopyChunkSize, (uint)limits.MaxCopySize);
            return NtStatus.InvalidParameter;
        }

        var count = copy.ChunkCount;
        var token = call.Request.EnableCancel();
        var copying = total <= Brief
            ? CopyAsync(call, source, count, token)
            : new ValueTask<NtStatus>(Task.Run(() => CopyAsync(call, source, count, token).AsTask(), CancellationToken.None));
        if (!copying.IsCompleted)
        {
            call.Request.GoAsync();
        }

        return await copying.ConfigureAwait(false);
    }

    // A view cannot be kept across an await; what it was made from has been checked.
    private static CopyChunk ChunkOf(FsControlCall call, int index) =>
        CopyChunkRequest.TryParse(call.Input.Span, out var copy) ? copy[index] : default;

    private static void Answer(FsControlCall call, uint chunks, uint chunkBytes, uint totalBytes)
    {
        var output = new byte[CopyChunkResponse.Size];
        CopyChunkResponse.Write(output, chunks, chunkBytes, totalBytes);
        call.Output = output;
        call.SendsOutputWithError = true;
    }

    private static async ValueTask<NtStatus> CopyAsync(FsControlCall call, FileHandle source, int count, CancellationToken token)
    {
        var status = NtStatus.Success;
        var done = 0u;
        var bytes = 0u;
        for (var i = 0; i < count && status == NtStatus.Success; i++)
        {
            token.ThrowIfCancellationRequested();
            var chunk = ChunkOf(call, i);
            status = chunk.SourceOffset > long.MaxValue || chunk.TargetOffset > long.MaxValue
                ? NtStatus.InvalidViewSize
                : await call.File.CopyFromAsync(
                    source.File, (long)chunk.SourceOffset, (long)chunk.TargetOffset, (int)chunk.Length, token).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                done++;
                bytes += chunk.Length;
            }
        }

        Answer(call, done, 0, bytes);
        return status;
    }

    private bool IsWithinLimits(in CopyChunkRequest copy, out long total)
    {
        total = 0;
        if (copy.ChunkCount > limits.MaxCopyChunks)
        {
            return false;
        }

        for (var i = 0; i < copy.ChunkCount; i++)
        {
            var length = copy[i].Length;
            if (length == 0 || length > limits.MaxCopyChunkSize)
            {
                return false;
            }

            total += length;
        }

        return total <= limits.MaxCopySize;
    }
}
