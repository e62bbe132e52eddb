using Smb3.Embedded.LoadTest.Driving;

namespace Smb3.Embedded.LoadTest.Measuring;

/// <summary>One run of one workload on one server.</summary>
/// <param name="Units">How much was done, in the workload's unit.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Cost">What the ratios are made of: server CPU seconds per unit, MiB, or microseconds.</param>
/// <param name="P50">Median response time in microseconds.</param>
/// <param name="P99">99th percentile of it.</param>
/// <param name="Foreign">The share of the machine that neither the server nor this process used.</param>
internal sealed record Sample(double Units, double Seconds, double Cost, double P50, double P99, double Foreign)
{
    public double Rate => Seconds > 0 ? Units / Seconds : 0;

    public static Sample Of(Window window, double units, Latencies latencies) => new(
        units, window.Seconds, window.ServerCpu / units, latencies.Percentile(0.5), latencies.Percentile(0.99), window.Foreign);
}
