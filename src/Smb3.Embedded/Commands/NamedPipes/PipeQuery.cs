using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.NamedPipes;

/// <summary>QUERY_INFO about a named pipe (MS-SMB2 3.3.5.20.1, MS-FSCC 2.4.34 to 2.4.36).</summary>
internal static class PipeQuery
{
    private const uint MessageType = 1;
    private const uint FullDuplex = 2;
    private const uint ConnectedState = 3;
    private const uint Quota = 4096;
    private const uint UnlimitedInstances = 255;

    public static NtStatus Answer(Request request, PipeHandle handle, FileInformationClass informationClass, int length)
    {
        int size;
        switch (informationClass)
        {
            case FileInformationClass.FilePipeInformation:
                size = PipeInformation.Size;
                break;
            case FileInformationClass.FilePipeLocalInformation:
                size = PipeLocalInformation.Size;
                break;
            case FileInformationClass.FilePipeRemoteInformation:
                size = PipeRemoteInformation.Size;
                break;
            default:
                return AnswerFile(request, handle, informationClass, length);
        }

        if (length < size)
        {
            return NtStatus.InfoLengthMismatch;
        }

        var target = InfoOutput.Begin(request, size);
        target.Clear();
        switch (informationClass)
        {
            case FileInformationClass.FilePipeInformation:
                new PipeInformation(MessageType, 0).Write(target);
                break;
            case FileInformationClass.FilePipeLocalInformation:
                new PipeLocalInformation
                {
                    NamedPipeType = MessageType,
                    NamedPipeConfiguration = FullDuplex,
                    MaximumInstances = UnlimitedInstances,
                    CurrentInstances = 1,
                    InboundQuota = Quota,
                    ReadDataAvailable = (uint)handle.Pipe.BytesAvailable,
                    OutboundQuota = Quota,
                    WriteQuotaAvailable = Quota,
                    NamedPipeState = ConnectedState,
                }.Write(target);
                break;
            default:
                new PipeRemoteInformation(0, 0).Write(target);
                break;
        }

        return InfoOutput.End(request, NtStatus.Success, size);
    }

    /// <summary>What clients ask of a pipe as if it were a file.</summary>
    private static NtStatus AnswerFile(Request request, PipeHandle handle, FileInformationClass informationClass, int length)
    {
        var information = new FileInformation
        {
            File = new FileNetworkOpenInformation { AllocationSize = Quota, Attributes = FileAttributes.Normal },
            LinkCount = 1,
            DeletePending = true,
            GrantedAccess = FileAccessMask.FileAllAccess,
        };
        var target = InfoOutput.Begin(request, length);
        var status = FileInformationWriter.Write(informationClass, information, "\\" + handle.Pipe.Name, target, out var written);
        return InfoOutput.End(request, status, written);
    }
}
