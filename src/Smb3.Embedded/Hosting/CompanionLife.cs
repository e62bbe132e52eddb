using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;

namespace Smb3.Embedded.Hosting;

/// <summary>Starts and stops what lives beside a server, and lets none of it hold the server up.</summary>
internal sealed class CompanionLife(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public IReadOnlyList<ISmbServerCompanion> All { get; set; } = [];

    public async Task StartAsync(SmbServer server, CancellationToken cancellationToken)
    {
        foreach (var companion in All)
        {
            await TryAsync(token => companion.StartAsync(server, token), companion, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>In the reverse order of the start.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        foreach (var companion in All.Reverse())
        {
            await TryAsync(companion.StopAsync, companion, hurry).ConfigureAwait(false);
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> step, ISmbServerCompanion companion, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var token = either.Token;
        try
        {
            // On a thread of its own, so that one that blocks is left behind too.
            await Task.Run(() => step(token), CancellationToken.None).WaitAsync(token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host does not want to wait.
        }
        catch (Exception e)
        {
            ServerLog.CompanionFault(logger, e, companion.GetType().Name);
        }
    }
}
