using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_DELETE_OBJECT_ID (MS-FSA 2.1.5.10.2): a missing one is not an error.</summary>
internal sealed class DeleteObjectIdControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) => call.File.SetObjectIdAsync(default, call.Ended);
}
