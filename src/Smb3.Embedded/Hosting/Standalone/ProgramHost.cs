using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Smb3.Embedded.Hosting.Standalone;

/// <summary>
/// The other services that run in the program of a stand-alone server (exporters of telemetry, say): from its first start until the program ends. A
/// host starts once, and a server as often as one likes.
/// </summary>
internal sealed class ProgramHost(IHost host) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _started;
    private bool _stopped;

    /// <summary>Cancelled when one of them asks the program to end.</summary>
    public CancellationToken Stopping { get; } = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_started)
            {
                await host.StartAsync(cancellationToken).ConfigureAwait(false);
                _started = true;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task StopAsync(CancellationToken hurry)
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_started && !_stopped)
            {
                _stopped = true;
                await host.StopAsync(hurry).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await ((IAsyncDisposable)host).DisposeAsync().ConfigureAwait(false);
    }
}
