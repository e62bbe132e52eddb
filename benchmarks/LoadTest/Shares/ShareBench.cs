using System.Diagnostics;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.LoadTest.Shares;

/// <summary>Measures a share of any server as a client sees it, and leaves nothing there.</summary>
internal sealed class ShareBench : IAsyncDisposable
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(300);

    private readonly List<ShareBenchClient> _clients = [];
    private readonly ShareBenchPlan _plan;

    private ShareBench(ShareBenchPlan plan) => _plan = plan;

    /// <summary>What can be measured: large reads and writes one after the other, small ones here and there, and what needs no data.</summary>
    public static IReadOnlyList<string> Works { get; } = ["write", "read", "write4k", "read4k", "stat", "create"];

    /// <summary>Connects, and makes the files.</summary>
    /// <exception cref="IOException">The server refuses it, in words.</exception>
    public static async Task<ShareBench> OpenAsync(ShareBenchPlan plan, IReadOnlyList<string> works, CancellationToken cancellationToken)
    {
        var bench = new ShareBench(plan);
        try
        {
            for (var client = 0; client < plan.Clients; client++)
            {
                bench._clients.Add(await ShareBenchClient.OpenAsync(plan, works, cancellationToken));
            }

            return bench;
        }
        catch (Exception e)
        {
            await bench.DisposeAsync();
            if (e is SmbTestException)
            {
                throw new IOException(e.Message, e);
            }

            throw;
        }
    }

    /// <summary>Measures one kind of work.</summary>
    /// <exception cref="IOException">The server refuses it, in words.</exception>
    public async Task<ShareBenchResult> RunAsync(string work, CancellationToken cancellationToken)
    {
        try
        {
            await PumpAsync(work, WarmUp, cancellationToken);
            var started = Stopwatch.GetTimestamp();
            var latencies = await PumpAsync(work, _plan.Time, cancellationToken);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            cancellationToken.ThrowIfCancellationRequested();
            return new ShareBenchResult(
                work, latencies.Count, latencies.Count * _clients[0].SizeOf(work), seconds, latencies.Percentile(0.5), latencies.Percentile(0.99));
        }
        catch (SmbTestException e)
        {
            throw new IOException($"{work}: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    private Task<Latencies> PumpAsync(string work, TimeSpan time, CancellationToken cancellationToken)
    {
        var limit = Limit.Time(time) with { Stop = cancellationToken };
        return LoadThreads.RunAsync(_clients.Select(client => (Action<Latencies>)(seen => client.Run(work, limit, seen))));
    }
}
