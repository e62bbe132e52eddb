using System.Diagnostics;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Measuring;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>From connecting to the tree connect, and gone again.</summary>
internal sealed class SessionWork(WorkSpec spec) : Workload(spec)
{
    public override string Unit => "kop";

    public override async Task<Sample> RunAsync(Target target, RunLength length)
    {
        await (await LoadConnection.OpenAsync(target, Spec.Guard)).DisposeAsync();
        var latencies = new Latencies();
        var limit = Limit.Time(length.Time);
        var window = Window.Open(new ProcessTree(target.ProcessId));
        while (limit.Allows(latencies.Count))
        {
            var started = Stopwatch.GetTimestamp();
            await (await LoadConnection.OpenAsync(target, Spec.Guard)).DisposeAsync();
            latencies.Add(Stopwatch.GetElapsedTime(started));
        }

        return Sample.Of(window.Close(), latencies.Count / 1000.0, latencies);
    }
}
