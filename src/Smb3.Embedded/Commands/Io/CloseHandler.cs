using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Commands.Io;

/// <summary>CLOSE (MS-SMB2 3.3.5.10).</summary>
internal sealed class CloseHandler : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!CloseRequest.TryParse(request.Message.Span, out var close))
        {
            return NtStatus.InvalidParameter;
        }

        var query = (close.Flags & CloseFlags.PostQueryAttributes) != 0;
        var status = request.FindOpen(close.FileId, out var open);
        if (status != NtStatus.Success)
        {
            // It may be closed by a request whose channel was lost, and which still waits: the client takes this for the end of the handle.
            if (status == NtStatus.FileClosed && request.Session!.Opens.WhenEnded(close.FileId) is { } ended)
            {
                await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return status;
        }

        if (open is FileHandle closing)
        {
            closing.LaterOnClose = request.Later;
        }

        if (open is FileHandle file && query)
        {
            // The values after the file has been closed, its delayed write time included.
            file.QueryOnClose = true;
            if (!await file.EndAsync().ConfigureAwait(false))
            {
                return NtStatus.FileClosed;
            }

            if (file.File.Loss != NtStatus.Success)
            {
                return file.File.Loss;
            }

            if (file.Closed is { Succeeded: true } closed)
            {
                CloseResponse.Write(request.Append(CloseResponse.FixedSize), closed.Value.ToNetworkOpen());
                return NtStatus.Success;
            }
        }
        else if (!await open.EndAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }
        else if (open is FileHandle { File.Loss: not NtStatus.Success and var loss })
        {
            return loss; // and it is closed all the same
        }

        CloseResponse.Write(request.Append(CloseResponse.FixedSize));
        return NtStatus.Success;
    }
}
