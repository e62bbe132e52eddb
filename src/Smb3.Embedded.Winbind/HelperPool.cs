using System.Collections.Concurrent;

namespace Smb3.Embedded.Winbind;

/// <summary>The helpers that run: so many at most, ended when they do not answer, and not started again and again when they end at once.</summary>
internal sealed class HelperPool : IDisposable
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(30);

    private readonly WinbindOptions _options;
    private readonly SemaphoreSlim _places;
    private readonly ConcurrentStack<HelperProcess> _idle = new();
    private readonly Lock _lock = new();
    private TimeSpan _rest = TimeSpan.Zero;
    private long _restsSince;
    private volatile bool _disposed;

    public HelperPool(WinbindOptions options)
    {
        _options = options;
        _places = new SemaphoreSlim(options.MaxHelpers);
    }

    /// <summary>Has a helper answer.</summary>
    /// <exception cref="WinbindException">None can.</exception>
    public async Task<IReadOnlyList<string>> AskAsync(string request, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_options.Timeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _places.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                return await AskOneAsync(request, either.Token).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WinbindException($"ntlm_auth has not answered within {_options.Timeout.TotalSeconds:0.#} s.", e);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryPop(out var helper))
        {
            helper.Dispose();
        }
    }

    private async Task<IReadOnlyList<string>> AskOneAsync(string request, CancellationToken cancellationToken)
    {
        var isNew = false;
        if (!TryTake(out var helper))
        {
            helper = Start();
            isNew = true;
        }

        var isFine = false;
        try
        {
            var answer = await helper.AskAsync(request, cancellationToken).ConfigureAwait(false);
            isFine = true;
            SetRest(failed: false);
            return answer;
        }
        catch (Exception e) when (e is WinbindException or IOException)
        {
            // One that had waited for work may have ended with winbind itself, which is back by now.
            if (!isNew)
            {
                helper.Dispose();
                helper = Start();
                var answer = await helper.AskAsync(request, cancellationToken).ConfigureAwait(false);
                isFine = true;
                return answer;
            }

            SetRest(failed: true);
            throw e as WinbindException ?? new WinbindException($"ntlm_auth cannot be asked: {e.Message}", e);
        }
        finally
        {
            if (isFine)
            {
                _idle.Push(helper);
                if (_disposed)
                {
                    Dispose(); // which may have looked before
                }
            }
            else
            {
                helper.Dispose();
            }
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HelperProcess? helper)
    {
        while (_idle.TryPop(out helper))
        {
            if (helper.IsAlive)
            {
                return true;
            }

            helper.Dispose();
        }

        return false;
    }

    private HelperProcess Start()
    {
        lock (_lock)
        {
            if (_options.Time.GetElapsedTime(_restsSince) < _rest)
            {
                throw new WinbindException("ntlm_auth has ended too often; it is tried again in a moment.");
            }
        }

        try
        {
            return HelperProcess.Start(_options.NtlmAuth);
        }
        catch (WinbindException)
        {
            SetRest(failed: true);
            throw;
        }
    }

    private void SetRest(bool failed)
    {
        lock (_lock)
        {
            _rest = !failed ? TimeSpan.Zero
                : _rest == TimeSpan.Zero ? TimeSpan.FromSeconds(1)
                : _rest * 2 < LongestRest ? _rest * 2 : LongestRest;
            _restsSince = _options.Time.GetTimestamp();
        }
    }
}
