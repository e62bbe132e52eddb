using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>An FSCTL that is known, and always answered alike.</summary>
internal sealed class FixedAnswerControl(NtStatus status) : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) => new(status);
}
