using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Watching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Errors;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Commands.Info;

/// <summary>CHANGE_NOTIFY (MS-SMB2 3.3.5.19).</summary>
internal sealed class ChangeNotifyHandler : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!ChangeNotifyRequest.TryParse(request.Message.Span, out var notify))
        {
            return NtStatus.InvalidParameter;
        }

        if (notify.OutputBufferLength > (uint)request.Connection.Negotiated!.MaxTransactSize
            || !request.HasPaidFor(notify.OutputBufferLength))
        {
            return NtStatus.InvalidParameter;
        }

        var status = request.FindFile(notify.FileId, out var handle);
        if (status != NtStatus.Success)
        {
            return status;
        }

        // In the middle of a compound there is only what has happened already; the rest of the compound does not wait.
        var isLast = request.IsLastOfChain;
        var token = isLast ? request.EnableCancel() : new CancellationToken(canceled: true);
        var waiting = handle.File.NextChangesAsync(notify.Filter, notify.WatchTree, (int)notify.OutputBufferLength, token);
        if (!waiting.IsCompleted)
        {
            request.GoAsync();
        }

        var report = await waiting.ConfigureAwait(false);
        return report.Status == NtStatus.Cancelled && !isLast ? NtStatus.InternalError : Answer(request, report);
    }

    private static NtStatus Answer(Request request, in ChangeReport report)
    {
        switch (report.Status)
        {
            case NtStatus.Success:
                var length = 0;
                foreach (var change in report.Changes)
                {
                    length += NotifyInformationWriter.SizeOf(change.Name);
                }

                var target = InfoOutput.Begin(request, length);
                var list = new EntryListCursor(NotifyInformationWriter.Alignment);
                foreach (var change in report.Changes)
                {
                    NotifyInformationWriter.TryWrite(ref list, target, change.Action, change.Name);
                }

                return InfoOutput.End(request, NtStatus.Success, list.Length);

            case NtStatus.NotifyEnumDir:
                // MS-SMB2 3.3.4.4: this one status comes with a response of the command, and an empty one.
                OutputBufferResponse.Write(request.Append(OutputBufferResponse.FixedSize), 0);
                return report.Status;

            case NtStatus.NotifyCleanup:
                ErrorResponse.Write(request.Append(ErrorResponse.FixedSize));
                return report.Status;

            default:
                return report.Status;
        }
    }
}
