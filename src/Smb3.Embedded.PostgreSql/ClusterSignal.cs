using System.Globalization;
using Npgsql;

namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// Knows, soon after, that the cluster's version has changed: by a notification where the database has them, and by looking now and then in any case. It
/// begins with the first who waits.
/// </summary>
internal sealed class ClusterSignal(Database database, string channel, string versionSql) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookWithoutNotifications = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ending = new();
    private TaskCompletionSource _told = New();
    private Task? _listening;
    private long _version;

    /// <summary>Completes when the version is greater, or when the time is over.</summary>
    public async Task<bool> WaitAsync(long since, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task told;
        lock (_lock)
        {
            if (_version > since || _ending.IsCancellationRequested)
            {
                return true;
            }

            told = _told.Task;
            _listening ??= Task.Run(ListenAsync, CancellationToken.None);
        }

        try
        {
            await told.WaitAsync(atMost, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nothing is known to have changed.
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false); // never disposed: it has no timer, and late waits ask it
        Task? listening;
        lock (_lock)
        {
            _told.TrySetResult(); // for those who wait, and those to come
            listening = _listening;
        }

        await (listening ?? Task.CompletedTask).ConfigureAwait(false);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ListenAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                using var deadline = new Deadline(Timeout.InfiniteTimeSpan, _ending.Token);
                await database.RunAsync(ListenAsync, deadline).ConfigureAwait(false);
            }
            catch (Exception) when (!_ending.IsCancellationRequested)
            {
                // Whoever waits asks by himself when his time is over, and is told what is wrong.
                await Task.Delay(PauseAfterFailure, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception)
            {
                return;
            }
        }
    }

    private async Task<bool> ListenAsync(NpgsqlConnection connection)
    {
        connection.Notification += OnNotification;
        try
        {
            if (database.HasNotifications)
            {
                await LimitedAsync(token => connection.DoAsync($"LISTEN \"{channel}\"", token)).ConfigureAwait(false);
            }

            // A new primary says no more on the connections to the one before it.
            for (var primaries = database.Primaries; primaries == database.Primaries;)
            {
                if (await LimitedAsync(token => connection.AskAsync(versionSql, token)).ConfigureAwait(false) is { } version)
                {
                    Tell(version, mayBeLess: true);
                }

                if (database.HasNotifications)
                {
                    await connection.WaitAsync(Look, _ending.Token).ConfigureAwait(false);
                }
                else
                {
                    await Task.Delay(LookWithoutNotifications, _ending.Token).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            connection.Notification -= OnNotification;
        }

        return true;
    }

    /// <summary>A database that does not answer is to be found out.</summary>
    private async Task<T> LimitedAsync<T>(Func<CancellationToken, Task<T>> ask)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        limit.CancelAfter(database.Options.Timeout);
        try
        {
            return await ask(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_ending.IsCancellationRequested)
        {
            throw database.TimedOut(database.Options.Timeout);
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs told)
    {
        if (told.Channel == channel && long.TryParse(told.Payload, CultureInfo.InvariantCulture, out var version))
        {
            Tell(version);
        }
    }

    private void Tell(long version, bool mayBeLess = false)
    {
        lock (_lock)
        {
            // A database that was set back counts from where it is: nobody must be told for ever that there is something new.
            if (version > _version || (mayBeLess && version < _version))
            {
                _version = version;
                _told.TrySetResult();
                if (!_ending.IsCancellationRequested)
                {
                    _told = New();
                }
            }
        }
    }
}
