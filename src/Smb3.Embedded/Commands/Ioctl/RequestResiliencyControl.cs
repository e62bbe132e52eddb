using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_LMR_REQUEST_RESILIENCY (MS-SMB2 3.3.5.15.9): from here on the open outlives its connection, whatever others want of the file.
/// </summary>
internal sealed class RequestResiliencyControl(ServerSettings settings) : IFsControl
{
    /// <summary>How long Windows waits when the client leaves it to the server.</summary>
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(120);

    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (call.Request.Connection.Negotiated!.Dialect < Smb2Dialect.Smb210)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (!ResiliencyRequest.TryParse(call.Input.Span, out var asked)
            || asked.Timeout > settings.MaxResilientTimeout.TotalMilliseconds)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (!call.Request.Session!.Token!.IsProven)
        {
            // Nobody could reconnect to it: a guest who comes back is somebody else.
            return new(NtStatus.NotSupported);
        }

        var most = settings.MaxResilientTimeout;
        var timeout = asked.Timeout != 0 ? TimeSpan.FromMilliseconds(asked.Timeout) : most < Default ? most : Default;
        var handle = (FileHandle)call.Open!;
        DurableOpening.MakeResilient(handle, timeout);
        return handle.File.State.CommitAsync();
    }
}
