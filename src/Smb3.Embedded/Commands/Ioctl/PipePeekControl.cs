using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_PIPE_PEEK (MS-SMB2 3.3.5.15.1): what is waiting in a pipe, without consuming it.</summary>
internal sealed class PipePeekControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var handle = (PipeHandle)call.Open!;
        var (messages, first) = handle.Pipe.Peek();
        var output = new byte[PipePeekResponse.FixedSize];
        PipePeekResponse.Write(output, PipePeekResponse.Connected, (uint)handle.Pipe.BytesAvailable, (uint)messages, (uint)first);
        call.Output = output;
        return new(NtStatus.Success);
    }
}
