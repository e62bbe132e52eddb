using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Safety;

/// <summary>
/// Flushes one file for everybody who waits for it: those that come while a flush runs share the next one, because the running one may have
/// begun before what they wrote. So a file has at most two flushes at a time, one running and one to come, however many wait.
/// </summary>
internal sealed class SharedFlush
{
    private readonly Lock _sync = new();
    private Round? _running;
    private Round? _next;

    /// <summary>Completes when everything that was written before the call survives a loss of power, or with the status of the failure.</summary>
    /// <param name="handle">A handle of the file, which stays open until the call completes. One of those that wait is the one that flushes.</param>
    /// <param name="cancellationToken">Ends the wait. The others that share the flush go on.</param>
    public async ValueTask<NtStatus> FlushAsync(IStoreFile handle, CancellationToken cancellationToken)
    {
        while (true)
        {
            var round = Join(out var leads, out var before);
            if (leads)
            {
                return await LeadAsync(round, before, handle, cancellationToken).ConfigureAwait(false);
            }

            if (await round.Task.WaitAsync(cancellationToken).ConfigureAwait(false) is { } status)
            {
                return status;
            }
        }
    }

    /// <summary>The flush that covers what was written so far.</summary>
    /// <param name="leads">Whether the caller is the one that carries it out.</param>
    /// <param name="before">The flush that has to end first.</param>
    private Round Join(out bool leads, out Round? before)
    {
        lock (_sync)
        {
            before = _running;
            if (before is null)
            {
                leads = true;
                return _running = new Round();
            }

            leads = _next is null;
            return _next ??= new Round();
        }
    }

    private async ValueTask<NtStatus> LeadAsync(Round round, Round? before, IStoreFile handle, CancellationToken cancellationToken)
    {
        NtStatus? status = null;
        try
        {
            if (before is not null)
            {
                await before.Task.WaitAsync(cancellationToken).ConfigureAwait(false); // whatever came of it
            }

            status = await handle.FlushAsync(cancellationToken).ConfigureAwait(false);
            return status.Value;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            status = NtStatus.UnexpectedIoError; // for the others; a store that throws has made nothing safe
            throw;
        }
        finally
        {
            lock (_sync)
            {
                if (_running == round)
                {
                    _running = _next;
                    _next = null;
                }
                else
                {
                    _next = null; // cancelled before its turn
                }
            }

            round.SetResult(status);
        }
    }

    /// <summary>One flush. Its result is null if the caller that was to carry it out was cancelled: the others begin again.</summary>
    private sealed class Round() : TaskCompletionSource<NtStatus?>(TaskCreationOptions.RunContinuationsAsynchronously);
}
