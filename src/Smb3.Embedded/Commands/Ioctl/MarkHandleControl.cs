using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_MARK_HANDLE (MS-FSA 2.1.5.10.18): which copy of redundant data a handle reads. There is one copy, so a handle can only be told not
/// to choose.
/// </summary>
internal sealed class MarkHandleControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (call.File.IsDirectory)
        {
            return new(NtStatus.DirectoryNotSupported);
        }

        if (!call.File.IsUnbuffered)
        {
            return new(NtStatus.InvalidParameter);
        }

        return new(MarkHandle.ReadFlags(call.Input.Span) switch
        {
            MarkHandleFlags.None or MarkHandleFlags.NotReadCopy => NtStatus.Success,
            MarkHandleFlags.ReadCopy => NtStatus.NotRedundantStorage,
            _ => NtStatus.InvalidParameter,
        });
    }
}
