using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_QUERY_ALLOCATED_RANGES (MS-FSA 2.1.5.10.22).</summary>
internal sealed class AllocatedRangesControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!FileRange.TryParse(call.Input.Span, out var asked))
        {
            return NtStatus.InvalidParameter;
        }

        var room = call.MaxOutput / FileRange.Size;
        var found = await call.File.FindAllocatedAsync(asked.Offset, asked.Length, room, call.Ended).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var ranges = found.Value;
        var count = Math.Min(ranges.Count, room);
        if (count == 0 && ranges.Count > 0)
        {
            return NtStatus.BufferTooSmall;
        }

        var output = new byte[count * FileRange.Size];
        for (var i = 0; i < count; i++)
        {
            new FileRange(ranges[i].Offset, ranges[i].Length).Write(output.AsSpan(i * FileRange.Size));
        }

        call.Output = output;
        return count < ranges.Count ? NtStatus.BufferOverflow : NtStatus.Success;
    }
}
