using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_SET_ZERO_DATA (MS-FSA 2.1.5.10.40).</summary>
internal sealed class ZeroDataControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) =>
        ZeroData.TryParse(call.Input.Span, out var zero)
            ? call.File.ZeroAsync(zero.Offset, zero.BeyondFinalZero, call.Ended)
            : new(NtStatus.InvalidParameter);
}
