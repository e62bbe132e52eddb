namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>Runs each connection on a thread of its own, because a generator blocks.</summary>
internal static class LoadThreads
{
    public static async Task<Latencies> RunAsync(IEnumerable<Action<Latencies>> runs)
    {
        var all = new Latencies();
        await Task.WhenAll(runs.Select(run => Task.Factory.StartNew(
            () =>
            {
                var latencies = new Latencies();
                run(latencies);
                lock (all)
                {
                    all.Add(latencies);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return all;
    }
}
