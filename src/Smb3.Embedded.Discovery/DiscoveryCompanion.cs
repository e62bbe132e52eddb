using Microsoft.Extensions.Logging;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery;

/// <summary>Announces a server while it runs.</summary>
internal sealed class DiscoveryCompanion(DiscoverySettings settings, ILogger logger) : ISmbServerCompanion, IAsyncDisposable
{
    private DiscoveryRun? _run;

    public Task StartAsync(SmbServer server, CancellationToken cancellationToken)
    {
        if (LinkScan.IsLocal(server.EndPoints))
        {
            DiscoveryLog.LocalOnly(logger);
        }
        else
        {
            _run = new DiscoveryRun(server, settings, logger);
            _run.Begin();
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _run, null) is { } run)
        {
            await run.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);
}
