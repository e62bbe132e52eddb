using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Smb3.Embedded.Hosting.DependencyInjection;

/// <summary>Says whether a server serves.</summary>
internal sealed class SmbServerHealthCheck(SmbServer server) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // A folder on a file server that does not answer must not keep this check from answering.
        var looking = Task.Run(() => server.Shares.CheckPlaceAsync(null).AsTask(), cancellationToken);
        await Task.WhenAny(looking, Task.Delay(Patience, cancellationToken)).ConfigureAwait(false);
        var missing = server.Shares.Where(static share => !share.IsAvailable).Select(static share => share.Name).ToArray();
        var data = new Dictionary<string, object>
        {
            ["connections"] = server.Connections.Count,
            ["sessions"] = server.Sessions.Count,
            ["opens"] = server.Opens.Count,
            ["missing shares"] = missing,
        };
        return server switch
        {
            { IsHealthy: true } when missing.Length > 0 => new HealthCheckResult(
                context.Registration.FailureStatus, $"The folder is missing of: {string.Join(", ", missing)}.", null, data),
            { IsHealthy: true } => HealthCheckResult.Healthy($"Listening on {string.Join(", ", server.EndPoints)}.", data),
            { State: SmbServerState.Starting or SmbServerState.Stopping } =>
                HealthCheckResult.Degraded($"The SMB server is {server.State}.", null, data),
            { State: SmbServerState.Running } =>
                new HealthCheckResult(context.Registration.FailureStatus, "An end point does not accept connections any more.", null, data),
            _ => new HealthCheckResult(context.Registration.FailureStatus, "The SMB server does not run.", null, data),
        };
    }
}
