using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Smb3.Embedded.Hosting.DependencyInjection;

/// <summary>Reports whether a server is serving.</summary>
internal sealed class SmbServerHealthCheck(SmbServer server) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // A folder on an unresponsive file server must not keep this check from answering.
        var looking = Task.Run(() => server.Shares.Served.Places.CheckAsync(null).AsTask(), cancellationToken);
        await Task.WhenAny(looking, Task.Delay(Patience, cancellationToken)).ConfigureAwait(false);
        var missing = server.Shares.Where(static share => !share.IsAvailable).Select(static share => share.Name).ToArray();
        var troubled = server.Shares.Where(static share => share.Problem is not null).ToArray();
        var data = new Dictionary<string, object>
        {
            ["connections"] = server.Connections.Count,
            ["sessions"] = server.Sessions.Count,
            ["opens"] = server.Opens.Count,
            ["missing shares"] = missing,
        };
        if (troubled.Length > 0)
        {
            data["troubled shares"] = troubled.Select(static share => share.Name).ToArray();
        }

        var impaired = server.KeptState.Where(static kept => kept.IsImpaired).ToArray();
        if (server.KeptState.Count > 0)
        {
            data["kept opens"] = server.KeptState.Sum(static kept => kept.Records);
            data["impaired state"] = impaired.Select(static kept => kept.Name).ToArray();
        }

        if (server.Cluster is { } cluster)
        {
            data["cluster node"] = cluster.Node;
            data["cluster shares here"] = cluster.Shares.Where(static share => share.IsHere).Select(static share => share.Name).ToArray();
        }

        return server switch
        {
            { IsHealthy: true } when missing.Length > 0 => new HealthCheckResult(
                context.Registration.FailureStatus, $"The folder is missing of: {string.Join(", ", missing)}.", null, data),
            { IsHealthy: true, Cluster.IsMember: false } => new HealthCheckResult(
                context.Registration.FailureStatus,
                $"'{server.Cluster!.Node}' is no member of its cluster at present, and serves no clustered shares.", null, data),
            { IsHealthy: true } when troubled.Length > 0 => new HealthCheckResult(
                context.Registration.FailureStatus, string.Join(" ", troubled.Select(static share => $"{share.Name}: {share.Problem}")), null, data),
            { IsHealthy: true } when impaired.Length > 0 => HealthCheckResult.Degraded(
                $"What clients have open is kept slowly or not at all: {string.Join("; ", impaired.Select(Describe))}.", null, data),
            { IsHealthy: true } => HealthCheckResult.Healthy($"Listening on {string.Join(", ", server.EndPoints)}.", data),
            { State: SmbServerState.Starting or SmbServerState.Stopping } =>
                HealthCheckResult.Degraded($"The SMB server is {server.State}.", null, data),
            { State: SmbServerState.Running } =>
                new HealthCheckResult(context.Registration.FailureStatus, "An end point does not accept connections any more.", null, data),
            _ => new HealthCheckResult(context.Registration.FailureStatus, "The SMB server does not run.", null, data),
        };
    }

    private static string Describe(SmbKeptState kept) => kept.Failure is { } failure
        ? $"{kept.Name} ({failure})"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{kept.Name} ({(kept.Waiting > kept.LastDuration ? kept.Waiting : kept.LastDuration).TotalSeconds:0.0} s)");
}
