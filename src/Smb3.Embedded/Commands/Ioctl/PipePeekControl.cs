using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_PIPE_PEEK (MS-SMB2 3.3.5.15.1): what waits in a pipe, without taking it.</summary>
internal sealed class PipePeekControl : IFsControl
{
    public FsControlCode Code => FsControlCode.PipePeek;

    public bool NeedsOpen => true;

    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (call.Open is not PipeHandle handle)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (call.MaxOutput < PipePeekResponse.FixedSize)
        {
            return new(NtStatus.BufferTooSmall);
        }

        var (messages, first) = handle.Pipe.Peek();
        var output = new byte[PipePeekResponse.FixedSize];
        PipePeekResponse.Write(output, PipePeekResponse.Connected, (uint)handle.Pipe.BytesAvailable, (uint)messages, (uint)first);
        call.Output = output;
        return new(NtStatus.Success);
    }
}
