using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Commands.Posix;
using Smb3.Embedded.Commands.Quotas;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Commands.Info;

/// <summary>QUERY_INFO (MS-SMB2 3.3.5.20): chooses what answers by the kind of information.</summary>
internal sealed class QueryInfoHandler : ICommandHandler
{
    public ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!QueryInfoRequest.TryParse(request.Message.Span, out var query))
        {
            return new(NtStatus.InvalidParameter);
        }

        if (query.OutputBufferLength > (uint)request.Connection.Negotiated!.MaxTransactSize
            || !request.HasPaidFor(Math.Max(query.OutputBufferLength, (long)query.Input.Length)))
        {
            return new(NtStatus.InvalidParameter);
        }

        var status = request.FindOpen(query.FileId, out var open);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        if ((query.InfoType == Smb2InfoType.File && InformationClasses.IsNeverQueried(query.FileInformationClass))
            || (query.InfoType == Smb2InfoType.FileSystem && InformationClasses.IsNeverQueried(query.FsInformationClass)))
        {
            return new(NtStatus.NotSupported);
        }

        var length = (int)query.OutputBufferLength;
        return (open, query.InfoType) switch
        {
            (FileHandle file, Smb2InfoType.File) when query.FileInformationClass == FileInformationClass.FileFullEaInformation =>
                EaQuery.AnswerAsync(request, file, query, length),
            (FileHandle file, Smb2InfoType.File)
                when query.FileInformationClass == FileInformationClass.FilePosixInformation && PosixCommands.AreSpoken(request) =>
                PosixCommands.QueryFileAsync(request, file, length),
            (FileHandle file, Smb2InfoType.File) => FileQuery.AnswerAsync(request, file, query.FileInformationClass, length),
            (FileHandle file, Smb2InfoType.FileSystem) => FileSystemQuery.AnswerAsync(
                request, file.File.Volume, file.File, file.File.State.Caller, query.FsInformationClass, length),
            (QuotaHandle quota, Smb2InfoType.FileSystem) => FileSystemQuery.AnswerAsync(
                request, quota.Volume, open: null, quota.Caller, query.FsInformationClass, length),
            (FileHandle file, Smb2InfoType.Security) => SecurityQuery.AnswerAsync(request, file, query.SecurityInformation, length),
            (FileHandle or QuotaHandle, Smb2InfoType.Quota) => QuotaCommands.QueryAsync(request, open, query, length),
            (QuotaHandle, _) => new(NtStatus.InvalidDeviceRequest),
            (PipeHandle pipe, Smb2InfoType.File) => new(PipeQuery.Answer(request, pipe, query.FileInformationClass, length)),
            (PipeHandle, Smb2InfoType.FileSystem or Smb2InfoType.Security or Smb2InfoType.Quota) => new(NtStatus.NotSupported),
            _ => new(NtStatus.InvalidParameter),
        };
    }

    public long LargestOutput(Request request) =>
        QueryInfoRequest.TryParse(request.Message.Span, out var query) ? query.OutputBufferLength : 0;
}
