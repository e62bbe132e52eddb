using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_OFFLOAD_READ (MS-FSA 2.1.5.10.20): a token for what a range of the file holds.</summary>
internal sealed class OffloadReadControl(OffloadTokens tokens) : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var sector = (ulong)call.File.Volume.Store.Traits.SectorSize;
        if (!OffloadRead.TryParse(call.Input.Span, out var read)
            || read.Offset % sector != 0 || read.Length % sector != 0
            || read.StructureSize != OffloadRead.Size
            || read.Offset > ulong.MaxValue - read.Length || read.Offset > long.MaxValue)
        {
            return NtStatus.InvalidParameter;
        }

        var output = new byte[OffloadRead.ResponseSize];
        if (read.Length == 0)
        {
            OffloadRead.WriteResponse(output, 0, 0);
            OffloadToken.WriteZeroData(output.AsSpan(OffloadRead.TokenOffset));
            call.Output = output;
            return NtStatus.Success;
        }

        var offset = (long)read.Offset;
        var longest = (long)(long.MaxValue / sector * sector) - offset;
        var found = await call.File.OffloadReadAsync(offset, (long)Math.Min(read.Length, (ulong)longest), call.Ended).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var id = new byte[OffloadToken.IdSize];
        if (!tokens.TryIssue(found.Value, call.File.State.Caller.User, read.TimeToLive, id))
        {
            found.Value.End();
            return NtStatus.InsufficientResources;
        }

        OffloadRead.WriteResponse(output, found.Value.ReachesEnd ? OffloadRead.AllZeroBeyond : 0, found.Value.Length);
        OffloadToken.WriteId(output.AsSpan(OffloadRead.TokenOffset), id);
        call.Output = output;
        return NtStatus.Success;
    }
}
