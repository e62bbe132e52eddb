using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Hosting.Reload;

/// <summary>
/// Applies settings that have changed while the server runs, one change after the other, and only when they have been quiet for a moment: a file is
/// written in parts, and several together. What is invalid changes nothing.
/// </summary>
internal sealed class SettingsReload : IAsyncDisposable
{
    /// <summary>How long nothing must change before it counts.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    private readonly SettingsSource _source;
    private readonly SettingsChange _change;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly ITimer _timer;
    private readonly IDisposable _following;
    private int _isDisposed;

    public SettingsReload(SettingsSource source, SettingsChange change, TimeProvider time, ILogger logger)
    {
        (_source, _change, _logger) = (source, change, logger);
        _timer = time.CreateTimer(
            static state => _ = ((SettingsReload)state!).RunAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _following = source.Follow(() => _timer.Change(Quiet, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Reads the settings again and applies them now.</summary>
    /// <returns>What could not be applied, each with its reason.</returns>
    /// <exception cref="OptionsValidationException">They are invalid, and nothing was changed.</exception>
    /// <exception cref="InvalidDataException">A file that had settings has none any more, and nothing was changed.</exception>
    public async Task<IReadOnlyList<string>> ApplyAsync(bool refresh, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, cancellationToken);
        await _turn.WaitAsync(either.Token).ConfigureAwait(false);
        try
        {
            if (refresh)
            {
                _source.Refresh();
            }

            if (_source.Files.Lost(refresh) is { Count: > 0 } lost)
            {
                foreach (var (file, problem) in lost)
                {
                    ReloadLog.FileLost(_logger, file, problem);
                }

                throw new InvalidDataException(string.Join(' ', lost.Select(static one => $"{one.File}: {one.Problem}")));
            }

            var problems = await _change.ApplyAsync(_source.Read(), either.Token).ConfigureAwait(false);
            _source.Files.Remember();
            return problems;
        }
        catch (OptionsValidationException e)
        {
            foreach (var failure in e.Failures)
            {
                ReloadLog.Refused(_logger, failure);
            }

            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _following.Dispose();
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        _change.Dispose();
        _ending.Dispose();
        _turn.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await ApplyAsync(refresh: false, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OptionsValidationException or InvalidDataException or OperationCanceledException or ObjectDisposedException)
        {
            // It has been told, or the server ends.
        }
        catch (Exception e)
        {
            ReloadLog.Fault(_logger, e);
        }
    }
}
