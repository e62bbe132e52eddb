using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_SET_ZERO_ON_DEALLOCATION (MS-FSA 2.1.5.10.40).</summary>
internal sealed class ZeroOnDeallocationControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) =>
        call.File.IsDirectory ? new(NtStatus.AccessDenied) : call.File.SetZeroOnDeallocationAsync(call.Ended);
}
