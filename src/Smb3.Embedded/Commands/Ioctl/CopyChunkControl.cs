using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_SRV_COPYCHUNK and FSCTL_SRV_COPYCHUNK_WRITE (MS-SMB2 3.3.5.15.6).</summary>
internal sealed class CopyChunkControl(CommandServices services) : IFsControl
{
    private readonly ServerLimits _limits = services.Settings.Limits;

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
            Answer(call, (uint)_limits.MaxCopyChunks, (uint)_limits.MaxCopyChunkSize, (uint)_limits.MaxCopySize);
            return NtStatus.InvalidParameter;
        }

        var count = copy.ChunkCount;
        var token = call.Request.EnableCancel();
        var isWhole = count == 0 && (call.Request.Session!.Apple & AppleServerCapabilities.OsxCopyFile) != 0;
        var copying = isWhole
                ? new ValueTask<NtStatus>(Task.Run(() => CopyWholeAsync(call, source, token).AsTask(), CancellationToken.None))
            : total <= Brief ? CopyAsync(call, source, count, token)
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

    /// <summary>What a Mac asks for by naming no chunks: the copy of a file with all that belongs to it.</summary>
    private async ValueTask<NtStatus> CopyWholeAsync(FsControlCall call, FileHandle source, CancellationToken token)
    {
        // Neither share lets go of its files while streams of them are open that nobody else knows.
        var (from, to) = (source.TreeConnect.Share, call.Request.TreeConnect!.Share);
        if (!from.TryBeginOpening())
        {
            return NtStatus.NetworkNameDeleted;
        }

        try
        {
            if (!to.TryBeginOpening())
            {
                return NtStatus.NetworkNameDeleted;
            }

            try
            {
                var session = call.Request.Session!;
                using var turn = await session.WholeCopies.EnterAsync(token).ConfigureAwait(false);
                var copied = await call.File.CopyWholeAsync(
                    source.File,
                    HookedFiles.Of(services, session, from.Name),
                    HookedFiles.Of(services, session, to.Name),
                    token).ConfigureAwait(false);
                if (copied.Succeeded)
                {
                    Answer(call, 0, 0, (uint)Math.Min(copied.Value, uint.MaxValue));
                }

                return copied.Status;
            }
            finally
            {
                to.EndOpening();
            }
        }
        finally
        {
            from.EndOpening();
        }
    }

    private bool IsWithinLimits(in CopyChunkRequest copy, out long total)
    {
        total = 0;
        if (copy.ChunkCount > _limits.MaxCopyChunks)
        {
            return false;
        }

        for (var i = 0; i < copy.ChunkCount; i++)
        {
            var length = copy[i].Length;
            if (length == 0 || length > _limits.MaxCopyChunkSize)
            {
                return false;
            }

            total += length;
        }

        return total <= _limits.MaxCopySize;
    }
}
