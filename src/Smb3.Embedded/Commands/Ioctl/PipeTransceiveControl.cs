using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_PIPE_TRANSCEIVE (MS-SMB2 3.3.5.15.10): a write to a pipe and the read of its answer in one.</summary>
internal sealed class PipeTransceiveControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var handle = (PipeHandle)call.Open!;
        var output = new byte[Math.Min(call.MaxOutput, handle.Pipe.LongestMessage)];
        var running = handle.Pipe.TransceiveAsync(call.Input, output, call.Request.EnableCancel());
        if (!running.IsCompleted)
        {
            call.Request.GoAsync();
        }

        var result = await running.ConfigureAwait(false);
        call.Output = output.AsMemory(0, result.Count);
        return result.Status;
    }
}
