using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_DFS_GET_REFERRALS (MS-SMB2 3.3.5.15.2): nothing here is in a DFS namespace, which is what STATUS_FS_DRIVER_REQUIRED tells
/// clients.
/// </summary>
internal sealed class DfsReferralControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) => new(NtStatus.FsDriverRequired);
}
