using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Commands.Io;

/// <summary>FLUSH (MS-SMB2 3.3.5.11).</summary>
internal sealed class FlushHandler : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!FlushRequest.TryParse(request.Message.Span, out var flush))
        {
            return NtStatus.InvalidParameter;
        }

        var status = request.FindOpen(flush.FileId, out var open);
        if (status == NtStatus.Success && open is FileHandle handle)
        {
            status = await handle.File.FlushAsync(request.Token).ConfigureAwait(false);
        }

        if (status == NtStatus.Success)
        {
            EmptyResponse.Write(request.Append(EmptyResponse.FixedSize));
        }

        return status;
    }
}
