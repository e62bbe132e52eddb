using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Quotas;

/// <summary>CREATE of the quota file.</summary>
internal static class QuotaOpening
{
    /// <summary>Opens the quota file; the place for it in the session's table is taken.</summary>
    public static async ValueTask<NtStatus> OpenAsync(
        Request request, TreeConnect tree, Smb2FileId fileId, CreateParameters parameters)
    {
        var session = request.Session!;
        var granted = QuotaFileCreate.Grant(parameters);
        if (!granted.Succeeded)
        {
            session.Opens.Cancel();
            return granted.Status;
        }

        var name = new FileName(new StorePath(parameters.Path), string.Empty, IsDirectory: false);
        if (parameters.Observer is { } observer
            && !await observer.AllowsOpenAsync(
                new OpenIntent(name, granted.Value, parameters.Disposition, parameters.Options, Exists: true), request.Token)
                .ConfigureAwait(false))
        {
            session.Opens.Cancel();
            return NtStatus.AccessDenied;
        }

        var handle = new QuotaHandle(fileId, tree, request.ChannelSequence, parameters.Caller, granted.Value);
        session.Opens.Add(handle);
        if (tree.HasEnded || session.State == SessionState.Ended)
        {
            await handle.EndAsync().ConfigureAwait(false);
            return NtStatus.NetworkNameDeleted;
        }

        request.SetRelatedOpen(handle);
        var file = new FileNetworkOpenInformation
        {
            Attributes = FileAttributes.Hidden | FileAttributes.System | FileAttributes.Directory | FileAttributes.Archive,
        };
        CreateResponse.Write(
            request.Append(CreateResponse.FixedSize), fileId, Smb2OplockLevel.None, CreateAction.Opened, file, contextsLength: 0);
        return NtStatus.Success;
    }
}
