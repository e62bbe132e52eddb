using System.Buffers.Binary;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_GET_RETRIEVAL_POINTERS (MS-FSA 2.1.5.10.15), and FSCTL_GET_RETRIEVAL_POINTER_COUNT, which only counts them: on which clusters of the
/// volume the data is.
/// </summary>
internal sealed class RetrievalPointersControl(bool counts) : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var first = BinaryPrimitives.ReadInt64LittleEndian(call.Input.Span);
        int? room = counts ? null : RetrievalPointers.Fitting(call.MaxOutput);
        var found = await call.File.FindClustersAsync(first, room, call.Ended).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var runs = found.Value;
        if (counts)
        {
            var count = new byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32LittleEndian(count, (uint)Math.Min(runs.Count, uint.MaxValue));
            call.Output = count;
            return NtStatus.Success;
        }

        var output = new byte[RetrievalPointers.SizeOf(runs.Kept.Length)];
        RetrievalPointers.Write(output, runs.First, runs.Kept);
        call.Output = output;
        return runs.Count > runs.Kept.Length ? NtStatus.BufferOverflow : NtStatus.Success;
    }
}
