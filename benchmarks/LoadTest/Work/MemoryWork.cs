using System.Diagnostics;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Measuring;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>
/// What the server's processes grow by for idle sessions (<c>idle</c>) or for files that one client holds open (<c>open</c>).
/// </summary>
internal sealed class MemoryWork(WorkSpec spec) : Workload(spec)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public override string Unit => Spec.Kind == "idle" ? "sessions" : "handles";

    public override string CostUnit => "MiB";

    public override async Task<Sample> RunAsync(Target target, RunLength length)
    {
        var server = new ProcessTree(target.ProcessId);
        await (await LoadConnection.OpenAsync(target, Spec.Guard)).DisposeAsync();
        await Task.Delay(Rest);
        var before = server.MemoryMiB();
        var connections = new List<LoadConnection>();
        var started = Stopwatch.GetTimestamp();
        try
        {
            if (Spec.Kind == "idle")
            {
                for (var i = 0; i < Spec.Count; i++)
                {
                    connections.Add(await LoadConnection.OpenAsync(target, Spec.Guard));
                    await connections[^1].DetachAsync();
                }
            }
            else
            {
                connections.Add(await LoadConnection.OpenAsync(target, Spec.Guard));
                await TestFolder.HoldAsync(connections[0].Tree, Spec.Count);
            }

            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            await Task.Delay(Rest);
            return new Sample(Spec.Count, seconds, server.MemoryMiB() - before, double.NaN, double.NaN, 0);
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }
}
