using Microsoft.Extensions.Hosting;

namespace Smb3.Embedded.Hosting.DependencyInjection;

/// <summary>Starts and stops a server with its host.</summary>
internal sealed class SmbServerHostedService(SmbServer server) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => server.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);
}
