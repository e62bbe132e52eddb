using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>What file systems of the kind know, but this one cannot do.</summary>
internal sealed class NotSupportedControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) => new(NtStatus.NotSupported);
}
