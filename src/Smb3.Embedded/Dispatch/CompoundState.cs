using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>What a related request takes over from the ones before it in its compound (MS-SMB2 3.3.5.2.7.2).</summary>
internal sealed class CompoundState
{
    private ulong _sessionId;
    private uint _treeId;
    private NtStatus _admitted;
    private NtStatus _createError;

    /// <summary>Whether the request being served is the first of its compound.</summary>
    public bool IsFirst { get; private set; }

    /// <summary>The open that a related request refers to, whatever id it names itself.</summary>
    public Smb2FileId? FileId { get; set; }

    /// <summary>What a related request is answered that needs an open where there is none: the failure of the preceding CREATE.</summary>
    public NtStatus MissingOpen => _createError == NtStatus.Success ? NtStatus.InvalidParameter : _createError;

    /// <summary>A compound begins.</summary>
    public void Begin()
    {
        IsFirst = true;
        (_sessionId, _treeId, _admitted) = (0, 0, NtStatus.Success);
        ForgetOpen();
    }

    /// <summary>The next request of the compound comes.</summary>
    public void Advance() => IsFirst = false;

    /// <summary>Gives a request the session and tree connect of the one before it.</summary>
    public void Inherit(Request request) => (request.SessionId, request.TreeId) = (_sessionId, _treeId);

    /// <summary>Does the same for a related request; an error when it cannot continue the one before it.</summary>
    public NtStatus Continue(Request request)
    {
        if (IsFirst)
        {
            return NtStatus.InvalidParameter;
        }

        Inherit(request);

        // Without a session there is nothing to continue.
        return _admitted == NtStatus.UserSessionDeleted ? NtStatus.InvalidParameter : _admitted;
    }

    /// <summary>A request was let pass to its handler, or was stopped by <paramref name="status"/>.</summary>
    public void Admitted(Request request, NtStatus status) =>
        (_sessionId, _treeId, _admitted) = (request.SessionId, request.TreeId, status);

    /// <summary>A request that is not related begins anew, with no open.</summary>
    public void ForgetOpen()
    {
        FileId = null;
        _createError = NtStatus.Success;
    }

    /// <summary>A request has its answer.</summary>
    public void Served(Request request, NtStatus status)
    {
        // A compound inherits what the response says: SESSION_SETUP and TREE_CONNECT have made their session or tree connect only now.
        (_sessionId, _treeId) = (request.SessionId, request.TreeId);
        if (request.Command != Smb2Command.Create)
        {
            return;
        }

        if (status.IsError())
        {
            FileId = null;
            _createError = status;
        }
        else
        {
            _createError = NtStatus.Success;
        }
    }
}
