using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_DELETE_REPARSE_POINT (MS-FSA 2.1.5.10.3): names the tag, and has no data.</summary>
internal sealed class DeleteReparsePointControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) =>
        ReparseDataBuffer.TryParse(call.Input.Span, out var buffer) && buffer.Data.IsEmpty
            ? call.File.DeleteReparsePointAsync(new ReparsePoint(call.Input), call.Ended)
            : new(NtStatus.IoReparseDataInvalid);
}
