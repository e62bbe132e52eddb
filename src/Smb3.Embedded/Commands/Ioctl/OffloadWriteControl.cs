using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_OFFLOAD_WRITE (MS-FSA 2.1.5.10.21): writes what a token stands for, at most as much as one copy on the server may; the client
/// asks for the rest again.
/// </summary>
internal sealed class OffloadWriteControl(OffloadTokens tokens, ServerLimits limits) : IFsControl
{
    // As for FSCTL_SRV_COPYCHUNK: what is quick enough to be done before the next request of the connection is processed.
    private const ulong Brief = 256 * 1024;

    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var sector = (ulong)call.File.Volume.Store.Traits.SectorSize;
        if (!OffloadWrite.TryParse(call.Input.Span, out var write)
            || write.Offset % sector != 0 || write.Length % sector != 0 || write.TransferOffset % sector != 0
            || write.StructureSize != OffloadWrite.Size
            || write.Offset > ulong.MaxValue - write.Length)
        {
            return NtStatus.InvalidParameter;
        }

        if (write.Length == 0)
        {
            Answer(call, 0);
            return NtStatus.Success;
        }

        if (write.Offset > long.MaxValue || write.Length > long.MaxValue || write.TransferOffset > long.MaxValue)
        {
            return NtStatus.InvalidParameter; // longer than a file can be
        }

        var token = call.Request.EnableCancel();
        var writing = write.Length <= Brief
            ? WriteAsync(call, write, token)
            : new ValueTask<NtResult<long>>(Task.Run(() => WriteAsync(call, write, token).AsTask(), CancellationToken.None));
        if (!writing.IsCompleted)
        {
            call.Request.GoAsync();
        }

        var written = await writing.ConfigureAwait(false);
        if (written.Succeeded)
        {
            Answer(call, written.Value);
        }

        return written.Status;
    }

    private static void Answer(FsControlCall call, long written)
    {
        var output = new byte[OffloadWrite.ResponseSize];
        OffloadWrite.WriteResponse(output, written);
        call.Output = output;
    }

    private ValueTask<NtResult<long>> WriteAsync(FsControlCall call, OffloadWrite write, CancellationToken token)
    {
        var given = call.Input.Span.Slice(OffloadWrite.TokenOffset, OffloadToken.Size);
        var zeros = OffloadToken.IsZeroData(given);
        var source = OffloadToken.TryGetId(given, out var id) ? tokens.Find(id, call.File.State.Caller.User) : null;
        return call.File.OffloadWriteAsync(
            source, zeros, (long)write.TransferOffset, (long)write.Offset, (long)write.Length,
            (limits.MaxCopyChunkSize, limits.MaxCopySize), token);
    }
}
