namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// Until when a call goes on: its caller may end it, and so does time. Whoever waits uses one token, and what works on a connection another: Npgsql answers
/// a cancellation by asking the server to cancel, blocks while it does, and so must not keep anybody waiting when the server does not answer.
/// </summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenSource _abort = new(); // never disposed: who was given up may still look at it
    private readonly TimeSpan _time;

    public Deadline(TimeSpan time, CancellationToken caller)
    {
        _time = time;
        _caller = caller;
        _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _source.CancelAfter(time);
    }

    /// <summary>Ends waits.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Ends what works on a connection.</summary>
    public CancellationToken Work => _abort.Token;

    public bool IsOver => _source.IsCancellationRequested;

    /// <summary>Begins the time anew, for what goes on well and takes long.</summary>
    public void Extend() => _source.CancelAfter(_time);

    /// <summary>Tells the caller that it was he who ended the call, if it was.</summary>
    public void ThrowIfCallerEnded() => _caller.ThrowIfCancellationRequested();

    /// <summary>Waits for work until the time is over, and gives it up then: it ends by itself.</summary>
    public async Task<T> WaitAsync<T>(Task<T> work)
    {
        try
        {
            return await work.WaitAsync(Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!work.IsCompleted)
        {
            // On a thread of its own, which may be blocked for as long as a connect may take.
            _ = Task.Factory.StartNew(_abort.Cancel, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _ = work.ContinueWith(
                static work => _ = work.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    public void Dispose() => _source.Dispose();
}
