using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_GET_NTFS_VOLUME_DATA (MS-FSA 2.1.5.10.11), of a store that calls itself NTFS; any other refuses as its file system does.</summary>
internal sealed class NtfsVolumeDataControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var traits = call.File.Volume.Store.Traits;
        if (traits.FileSystemName != "NTFS")
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (call.MaxOutput < NtfsVolumeData.Size)
        {
            return NtStatus.BufferTooSmall;
        }

        var found = await call.File.GetVolumeAsync(call.Ended).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        // As FileFsFullSizeInformation and FileIdInformation say it.
        var volume = found.Value;
        if (call.File.Volume.Quotas is { } quotas)
        {
            volume = await quotas.LimitAsync(volume, call.File.State.Caller, call.Ended).ConfigureAwait(false);
        }

        var output = new byte[NtfsVolumeData.Size];
        NtfsVolumeData.Write(
            output, volume.SerialNumber, volume.TotalBytes, volume.FreeBytes, traits.SectorSize, traits.AllocationUnit);
        call.Output = output;
        return NtStatus.Success;
    }
}
