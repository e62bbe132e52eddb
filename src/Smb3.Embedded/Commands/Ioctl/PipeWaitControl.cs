using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_PIPE_WAIT (MS-SMB2 3.3.5.15.9): waits until a pipe has a free instance, which ours always have.</summary>
internal sealed class PipeWaitControl(PipeRegistry pipes) : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!call.Request.TreeConnect!.Share.IsPipe)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (!PipeWaitRequest.TryParse(call.Input.Span, out var wait))
        {
            return new(NtStatus.InvalidParameter);
        }

        return new(pipes.Contains(wait.GetName()) ? NtStatus.Success : NtStatus.ObjectNameNotFound);
    }
}
