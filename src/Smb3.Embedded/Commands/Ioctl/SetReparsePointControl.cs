using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_SET_REPARSE_POINT (MS-FSA 2.1.5.10.37).</summary>
internal sealed class SetReparsePointControl : IFsControl
{
    private const int MaxSize = 16_384;

    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (call.Input.Length > MaxSize || !ReparseDataBuffer.TryParse(call.Input.Span, out var buffer))
        {
            return new(NtStatus.IoReparseDataInvalid);
        }

        if (buffer.Tag is ReparseDataBuffer.ReservedTagZero or ReparseDataBuffer.ReservedTagOne or ReparseDataBuffer.ReservedTagTwo)
        {
            return new(NtStatus.IoReparseTagInvalid);
        }

        // What clients are sent when they encounter it must be well-formed. A store may keep what it is given, and the request's own
        // bytes are soon those of another request.
        return buffer.Tag == ReparseDataBuffer.SymlinkTag && !buffer.TryGetSymlink(out _, out _, out _)
            ? new(NtStatus.IoReparseDataInvalid)
            : call.File.SetReparsePointAsync(new ReparsePoint(call.Input.ToArray()), call.Ended);
    }
}
