using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_FILESYSTEM_GET_STATISTICS (MS-FSA 2.1.5.10.7) and its successor with wider counters, of a store that calls itself NTFS: what has been
/// read and written since the server opened the volume, on each processor.
/// </summary>
internal sealed class FileSystemStatisticsControl(bool isExtended) : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (call.File.Volume.Store.Traits.FileSystemName != "NTFS")
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (call.MaxOutput < (isExtended ? FileSystemStatistics.MinimumSizeEx : FileSystemStatistics.MinimumSize))
        {
            return new(NtStatus.BufferTooSmall);
        }

        var statistics = call.File.Volume.Statistics;
        var size = FileSystemStatistics.SizeOf(isExtended);
        var output = new byte[statistics.Processors * size];
        for (var i = 0; i < statistics.Processors; i++)
        {
            var (reads, readBytes, writes, writeBytes) = statistics.Of(i);
            new FileSystemStatistics(reads, readBytes, writes, writeBytes).Write(output.AsSpan(i * size, size), isExtended);
        }

        var fits = output.Length <= call.MaxOutput;
        call.Output = fits ? output : output.AsMemory(0, call.MaxOutput);
        return new(fits ? NtStatus.Success : NtStatus.BufferOverflow);
    }
}
