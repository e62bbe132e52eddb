using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_SRV_ENUMERATE_SNAPSHOTS (MS-SMB2 3.3.5.15.1): the times of the snapshots, or only how many there are and how much room they need.
/// </summary>
internal sealed class SnapshotsControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var listed = await call.File.Volume.Versions.ListAsync(call.Ended).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return listed.Status;
        }

        var times = listed.Value;
        var size = SnapshotArray.NamesOffset + SnapshotArray.ArraySize(times.Count);
        var returned = size <= call.MaxOutput ? times.Count : 0;
        var output = new byte[returned == 0 ? SnapshotArray.MinimumSize : size];
        SnapshotArray.WriteHeader(output, times.Count, returned);
        for (var i = 0; i < returned; i++)
        {
            SnapshotArray.WriteName(output, i, times[i].ToDateTimeOffset());
        }

        call.Output = output;
        return NtStatus.Success;
    }
}
