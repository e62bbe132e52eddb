using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_QUERY_FILE_REGIONS (MS-FSA 2.1.5.10.23): which part of a range holds valid data. No store keeps a valid data length of its own:
/// everything up to the end of the file is valid.
/// </summary>
internal sealed class FileRegionsControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!FileRegionQuery.TryParse(call.Input.Span, out var query) || query.Offset < 0 || query.Length < 0
            || query.Offset > long.MaxValue - query.Length || (query.DesiredUsage & FileRegionQuery.ValidCachedData) == 0)
        {
            return NtStatus.InvalidParameter;
        }

        var metadata = await call.File.GetMetadataAsync(call.Ended).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var valid = Math.Min(query.Offset + query.Length, metadata.Value.Length) - query.Offset;
        var total = valid > 0 ? 1 : 0;
        var fits = call.MaxOutput >= FileRegionsResponse.HeaderSize + (total * FileRegionsResponse.RegionSize);
        var output = new byte[FileRegionsResponse.HeaderSize + (fits ? total * FileRegionsResponse.RegionSize : 0)];
        FileRegionsResponse.WriteHeader(output, total, fits ? total : 0);
        if (fits && total > 0)
        {
            FileRegionsResponse.WriteRegion(output, 0, new FileRange(query.Offset, valid), FileRegionQuery.ValidCachedData);
        }

        call.Output = output;
        return fits ? NtStatus.Success : NtStatus.BufferOverflow;
    }
}
