using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Oplock;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>OPLOCK_BREAK from a client: it has given up what it was asked to give up (MS-SMB2 3.3.5.22).</summary>
internal sealed class OplockBreakHandler : ICommandHandler
{
    public ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!OplockBreakAcknowledgment.TryParse(request.Message.Span, out var acknowledgment))
        {
            return new(NtStatus.InvalidParameter);
        }

        var status = acknowledgment.IsLease
            ? AcknowledgeLease(request, acknowledgment, out var file)
            : AcknowledgeOplock(request, acknowledgment, out file);

        // An answer that was refused may have changed the state all the same.
        return file is null ? new(status) : KeepAsync(file.CommitAsync(), status);
    }

    private static ValueTask<NtStatus> KeepAsync(ValueTask<NtStatus> commit, NtStatus status)
    {
        return commit.IsCompletedSuccessfully ? new(Worse(commit.Result, status)) : WaitAsync(commit, status);

        static async ValueTask<NtStatus> WaitAsync(ValueTask<NtStatus> commit, NtStatus status) =>
            Worse(await commit.ConfigureAwait(false), status);

        static NtStatus Worse(NtStatus kept, NtStatus status) => status == NtStatus.Success ? kept : status;
    }

    private static NtStatus AcknowledgeOplock(
        Request request, in OplockBreakAcknowledgment acknowledgment, out ICachedFile? file)
    {
        file = null;
        if (acknowledgment.OplockLevel == Smb2OplockLevel.Lease)
        {
            return NtStatus.InvalidParameter;
        }

        var status = request.FindFile(acknowledgment.FileId, out var handle);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var open = handle.File;
        if (open.Grant is { IsLease: true })
        {
            return NtStatus.InvalidParameter;
        }

        var level = acknowledgment.OplockLevel;
        var state = level switch
        {
            Smb2OplockLevel.None => CacheState.None,
            Smb2OplockLevel.LevelII => CacheState.Read,
            _ => CacheState.Read | CacheState.Write, // more than any break leaves
        };
        file = open.File;
        status = file.Caching.AcknowledgeOplock(open.Grant, state);
        if (status == NtStatus.Success)
        {
            OplockBreakResponse.Write(request.Append(OplockBreakResponse.FixedSize), level, handle.FileId);
        }

        return status;
    }

    private static NtStatus AcknowledgeLease(
        Request request, in OplockBreakAcknowledgment acknowledgment, out ICachedFile? file)
    {
        file = null;
        if (request.Connection.Client is not { } client || !client.Leases.TryFind(acknowledgment.LeaseKey, out var lease))
        {
            return NtStatus.ObjectNameNotFound;
        }

        var state = acknowledgment.LeaseState;
        if ((state & ~(Smb2LeaseState.Read | Smb2LeaseState.Handle | Smb2LeaseState.Write)) != 0)
        {
            return NtStatus.RequestNotAccepted;
        }

        file = lease.File;
        var status = file.Caching.AcknowledgeLease(lease, (CacheState)state, out var next);
        if (status != NtStatus.Success)
        {
            return status;
        }

        LeaseBreakResponse.Write(request.Append(LeaseBreakResponse.FixedSize), acknowledgment.LeaseKey, state);
        if (!next.IsEmpty)
        {
            // The client gives up the rest before anything is answered that it asks after this.
            var gate = request.Connection.Announcements;
            request.OnSend(gate.Begin);
            request.AfterSend(() =>
            {
                try
                {
                    next.Send();
                }
                finally
                {
                    gate.End();
                }
            });
        }

        return NtStatus.Success;
    }
}
