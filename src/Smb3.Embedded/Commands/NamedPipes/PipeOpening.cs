using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.NamedPipes;

/// <summary>CREATE of a named pipe.</summary>
internal static class PipeOpening
{
    /// <summary>Opens a pipe, and answers.</summary>
    public static async ValueTask<NtStatus> OpenAsync(Request request, TreeConnect tree, Smb2FileId fileId, string name, PipeRegistry pipes)
    {
        if (!request.Session!.Opens.TryReserve())
        {
            return NtStatus.InsufficientResources;
        }

        NamedPipe? pipe = null;
        try
        {
            var status = pipes.Open(name, RpcCallers.Of(request.Session), out pipe);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }
        finally
        {
            if (pipe is null)
            {
                request.Session.Opens.Cancel();
            }
        }

        var handle = new PipeHandle(fileId, tree, request.ChannelSequence, pipe!);
        request.Session.Opens.Add(handle);
        if (tree.HasEnded || request.Session.State == SessionState.Ended)
        {
            await handle.EndAsync().ConfigureAwait(false);
            return NtStatus.NetworkNameDeleted;
        }

        request.SetRelatedOpen(handle);
        var file = new FileNetworkOpenInformation { AllocationSize = 4096, Attributes = FileAttributes.Normal };
        CreateResponse.Write(
            request.Append(CreateResponse.FixedSize), handle.FileId, Smb2OplockLevel.None, CreateAction.Opened, file, contextsLength: 0);
        return NtStatus.Success;
    }
}
