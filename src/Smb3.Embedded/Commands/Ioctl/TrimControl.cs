using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_FILE_LEVEL_TRIM (MS-FSA 2.1.5.10.6): nobody needs these ranges any more.</summary>
internal sealed class TrimControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!FileLevelTrim.TryParse(call.Input.Span, out var trim) || trim.RangeCount == 0 || trim.Key != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if (call.MaxOutput is > 0 and < FileLevelTrim.ResponseSize)
        {
            return NtStatus.BufferTooSmall;
        }

        var count = trim.RangeCount;
        var done = 0u;
        var status = NtStatus.Success;
        for (var i = 0; i < count && status == NtStatus.Success; i++)
        {
            call.Ended.ThrowIfCancellationRequested();
            status = await TrimAsync(call, i).ConfigureAwait(false);
            done += status == NtStatus.Success ? 1u : 0u;
        }

        if (call.MaxOutput > 0)
        {
            var output = new byte[FileLevelTrim.ResponseSize];
            FileLevelTrim.WriteResponse(output, done);
            call.Output = output;
        }

        return status;
    }

    private static ValueTask<NtStatus> TrimAsync(FsControlCall call, int index)
    {
        var (offset, length) = FileLevelTrim.TryParse(call.Input.Span, out var trim) ? trim[index] : default;
        return offset < 0 || length < 0 || offset > long.MaxValue - length
            ? new(NtStatus.InvalidParameter)
            : call.File.TrimAsync(offset, length, call.Ended);
    }
}
