using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_GET_INTEGRITY_INFORMATION (MS-FSA 2.1.5.10.10). No store keeps checksums, and every file is reported to have none. Only stores
/// that clone blocks answer at all, as ReFS does: a client that clones asks first, for the algorithm of both files and the cluster size.
/// Others refuse as NTFS does.
/// </summary>
internal sealed class GetIntegrityControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var output = new byte[IntegrityInformation.Size];
        new IntegrityInformation(ChecksumType.None, 0, 0, (uint)call.File.Volume.Store.Traits.AllocationUnit).Write(output);
        call.Output = output;
        return new(NtStatus.Success);
    }
}
