using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_GET_REPARSE_POINT (MS-FSA 2.1.5.10.14).</summary>
internal sealed class GetReparsePointControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var found = await call.File.GetReparsePointAsync(call.Ended).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        if (call.MaxOutput < ReparseDataBuffer.HeaderSize)
        {
            return NtStatus.BufferTooSmall;
        }

        var fits = found.Value.Length <= call.MaxOutput;
        call.Output = fits ? found.Value : found.Value[..call.MaxOutput];
        return fits ? NtStatus.Success : NtStatus.BufferOverflow;
    }
}
