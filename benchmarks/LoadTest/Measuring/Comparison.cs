using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Work;

namespace Smb3.Embedded.LoadTest.Measuring;

/// <summary>The medians of one workload on one server.</summary>
internal sealed record Result(
    string Target, int Runs, double Rate, double Cost, double CostLowest, double CostHighest, double P50, double P99, double Foreign,
    string? Failure);

/// <summary>One workload on all servers; the first server is the reference of the ratios.</summary>
internal sealed record Row(string Work, string Unit, string CostUnit, double? Aim, IReadOnlyList<Result> Results)
{
    /// <summary>Cost of the last server as a share of the first's.</summary>
    public double? Ratio => RatioOf(Results[^1]);

    public bool? MeetsAim => Aim is { } aim && Ratio is { } ratio && Results.Count > 1 ? ratio <= aim : null;

    public double? RatioOf(Result result) =>
        Results[0].Failure is null && result.Failure is null && Results[0].Cost > 0 ? result.Cost / Results[0].Cost : null;

    public double? RateRatioOf(Result result) =>
        Results[0].Failure is null && result.Failure is null && Results[0].Rate > 0 ? result.Rate / Results[0].Rate : null;
}

/// <summary>Runs workloads on the servers in turn (A B A B …), so that what disturbs the machine disturbs all of them.</summary>
internal sealed class Comparison(IReadOnlyList<Target> targets, RunLength length, int runs)
{
    /// <summary>Runs one workload; the first round is a warm-up.</summary>
    public async Task<Row> RunAsync(Workload work, Action<string> progress)
    {
        var samples = targets.ToDictionary(target => target, _ => new List<Sample>());
        var failures = new Dictionary<Target, string>();
        for (var run = 0; run <= runs; run++)
        {
            foreach (var target in targets.Where(target => !failures.ContainsKey(target)))
            {
                progress(run == 0 ? $"{target.Name}: warm-up" : $"{target.Name}: run {run} of {runs}");
                try
                {
                    var sample = await work.RunAsync(target, length);
                    if (run > 0)
                    {
                        samples[target].Add(sample);
                    }
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    // A server that lacks something has no result; the others go on.
                    failures[target] = e.Message;
                }
            }
        }

        return new Row(
            work.Name, work.Unit, work.CostUnit, Catalogue.AimOf(work.Name),
            [.. targets.Select(target => Summary(target.Name, samples[target], failures.GetValueOrDefault(target)))]);
    }

    private static Result Summary(string target, List<Sample> samples, string? failure)
    {
        if (samples.Count == 0)
        {
            return new(target, 0, 0, 0, 0, 0, 0, 0, 0, failure ?? "no runs");
        }

        double Median(Func<Sample, double> of) => samples.Select(of).Order().ElementAt(samples.Count / 2);
        return new(
            target, samples.Count, Median(sample => sample.Rate), Median(sample => sample.Cost), samples.Min(sample => sample.Cost),
            samples.Max(sample => sample.Cost), Median(sample => sample.P50), Median(sample => sample.P99),
            Median(sample => sample.Foreign), null);
    }
}
