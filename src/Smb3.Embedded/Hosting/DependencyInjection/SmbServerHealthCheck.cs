using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Smb3.Embedded.Hosting;

/// <summary>Says whether a server serves.</summary>
internal sealed class SmbServerHealthCheck(SmbServer server) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>
        {
            ["connections"] = server.Connections.Count,
            ["sessions"] = server.Sessions.Count,
            ["opens"] = server.Opens.Count,
        };
        var result = server switch
        {
            { IsHealthy: true } => HealthCheckResult.Healthy($"Listening on {string.Join(", ", server.EndPoints)}.", data),
            { State: SmbServerState.Starting or SmbServerState.Stopping } =>
                HealthCheckResult.Degraded($"The SMB server is {server.State}.", null, data),
            { State: SmbServerState.Running } =>
                new HealthCheckResult(context.Registration.FailureStatus, "An end point does not accept connections any more.", null, data),
            _ => new HealthCheckResult(context.Registration.FailureStatus, "The SMB server does not run.", null, data),
        };
        return Task.FromResult(result);
    }
}
