using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Observation;

/// <summary>Asks the observer of a CREATE, but only once for the same thing: an open that has to wait is tried again.</summary>
internal sealed class ObservedCreate(IFileObserver observer)
{
    private OpenIntent? _allowed;

    /// <summary>Whether the CREATE may go on; and the name of what is opened, for <see cref="Observe"/>.</summary>
    public async ValueTask<NtStatus> AskAsync(OpenIntent intent, CancellationToken cancellationToken)
    {
        if (_allowed == intent)
        {
            return NtStatus.Success;
        }

        _allowed = null;
        if (!await observer.AllowsOpenAsync(intent, cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.AccessDenied;
        }

        if ((intent.Options & CreateOptions.DeleteOnClose) != 0
            && !await observer.AllowsDeleteAsync(intent.Name, DeleteReason.OnClose, cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.AccessDenied;
        }

        _allowed = intent;
        return NtStatus.Success;
    }

    /// <summary>What an open that was allowed keeps for its observer.</summary>
    public ObservedOpen? Observe() => _allowed is { } allowed ? new ObservedOpen(observer, allowed.Name) : null;
}
