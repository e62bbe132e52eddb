using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Security.Directory;

/// <summary>
/// Asks the directory: only so many questions at once, none for longer than its time, and none for a while after one that had no answer. A question
/// that does not end keeps its place until it does, so a directory that hangs holds no more than there are places.
/// </summary>
internal sealed class DirectoryGate : IDisposable
{
    private readonly SmbDirectoryOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<string?> _tell;
    private readonly SemaphoreSlim _places;
    private readonly Lock _lock = new();
    private long? _pausedUntil;
    private bool _isTroubled;

    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Told why the directory does not answer, once, and null when it answers again.</param>
    public DirectoryGate(SmbDirectoryOptions options, TimeProvider time, Action<string?> tell)
    {
        (_options, _time, _tell) = (options, time, tell);
        _places = new SemaphoreSlim(options.MaxRequests);
    }

    /// <summary>Asks; never throws.</summary>
    public async Task<DirectoryAnswer<T>> AskAsync<T>(Func<CancellationToken, ValueTask<T?>> ask)
        where T : class
    {
        if (IsPaused())
        {
            return DirectoryAnswer<T>.None;
        }

        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        try
        {
            await _places.WaitAsync(patience.Token).ConfigureAwait(false);

            // It is the host's code, which may block: it gets a thread of its own choosing, never that of a connection.
            var asked = Task.Run(() => RunAsync(ask, patience.Token), CancellationToken.None);
            var (value, fault) = await asked.WaitAsync(patience.Token).ConfigureAwait(false);
            if (fault is null)
            {
                Answered();
                return new DirectoryAnswer<T>(true, value);
            }

            Failed(patience.IsCancellationRequested ? TooLate() : fault.Message);
        }
        catch (OperationCanceledException)
        {
            Failed(TooLate());
        }

        return DirectoryAnswer<T>.None;
    }

    public void Dispose() => _places.Dispose();

    private async Task<(T? Value, Exception? Fault)> RunAsync<T>(Func<CancellationToken, ValueTask<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return (await ask(cancellationToken).ConfigureAwait(false), null);
        }
        catch (Exception e)
        {
            return (null, e);
        }
        finally
        {
            _places.Release();
        }
    }

    private string TooLate() => $"no answer within {_options.Timeout.TotalSeconds:0.#} s";

    private bool IsPaused()
    {
        lock (_lock)
        {
            return _pausedUntil is { } until && _time.GetTimestamp() < until;
        }
    }

    private void Answered()
    {
        lock (_lock)
        {
            _pausedUntil = null;
            if (!_isTroubled)
            {
                return;
            }

            _isTroubled = false;
        }

        _tell(null);
    }

    private void Failed(string why)
    {
        lock (_lock)
        {
            _pausedUntil = _time.Later(_time.GetTimestamp(), _options.Pause);
            if (_isTroubled)
            {
                return;
            }

            _isTroubled = true;
        }

        _tell(why);
    }
}
