using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_SET_SPARSE (MS-FSA 2.1.5.10.38).</summary>
internal sealed class SetSparseControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) =>
        call.File.SetSparseAsync(SetSparse.Parse(call.Input.Span).Sparse, call.Ended);
}
