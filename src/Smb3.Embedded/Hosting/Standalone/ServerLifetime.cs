using Microsoft.Extensions.Hosting;

namespace Smb3.Embedded.Hosting.Standalone;

/// <summary>The server itself waits for signals, so that it drains before the others end.</summary>
internal sealed class ServerLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
