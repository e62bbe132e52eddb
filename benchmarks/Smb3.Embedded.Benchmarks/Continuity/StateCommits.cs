using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Sqlite;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Benchmarks.Continuity;

/// <summary>
/// Commits of a SQLite state store from several callers at once, merged and, to compare, in one transaction each: how many a second, how many share
/// a transaction, and what one costs of the CPU. Each puts a record of an open or removes it again, beside a thousand that stay.
/// </summary>
internal static class StateCommits
{
    private const int Staying = 1000;
    private const int RecordSize = 500;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Measure = TimeSpan.FromSeconds(4);

    public static async Task RunAsync(string folder)
    {
        Console.WriteLine("| callers | commits/s | of one transaction each | ratio | commits per transaction | CPU per commit | p50 | p99 |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var callers in new[] { 1, 4, 16, 64, 256 })
        {
            var alone = await RunAsync(folder, callers, 1);
            var merged = await RunAsync(folder, callers, null);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {callers} | {merged.Rate:N0} | {alone.Rate:N0} | {merged.Rate / alone.Rate:N1} | {merged.PerTransaction:N1} | {merged.CpuMicroseconds:N0} µs (alone {alone.CpuMicroseconds:N0} µs) | {merged.Median:N1} ms | {merged.Slow:N1} ms |"));
        }
    }

    private static async Task<Result> RunAsync(string folder, int callers, int? perTransaction)
    {
        var file = Path.Join(folder, $"commits-{Guid.NewGuid():N}.db");
        try
        {
            await using var store = perTransaction is { } most
                ? new SqliteStateStore(file) { MaxBatchesPerTransaction = most } : new SqliteStateStore(file);
            var token = await store.AcquireAsync("share", CancellationToken.None);
            await store.CommitAsync(
                "share", token, [.. Enumerable.Range(0, Staying).Select(i => StateChange.Put($"staying {i}", new byte[RecordSize]))], CancellationToken.None);
            await CommitAsync(store, token, callers, WarmUp);

            var cpu = Environment.CpuUsage.TotalTime;
            var transactions = store.Transactions;
            var clock = Stopwatch.GetTimestamp();
            var times = await CommitAsync(store, token, callers, Measure);
            var seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
            cpu = Environment.CpuUsage.TotalTime - cpu;
            times.Sort();
            return new(
                times.Count / seconds,
                (double)times.Count / (store.Transactions - transactions),
                cpu.TotalMicroseconds / times.Count,
                times[times.Count / 2],
                times[times.Count * 99 / 100]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Commits for a while, and tells how many milliseconds each took.</summary>
    private static async Task<List<double>> CommitAsync(SqliteStateStore store, long token, int callers, TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var times = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var own = new List<double>();
            var record = new byte[RecordSize];
            Random.Shared.NextBytes(record);
            for (var i = 0; clock.Elapsed < time; i++)
            {
                var key = $"open {caller} {i / 2}";
                var begun = Stopwatch.GetTimestamp();
                await store.CommitAsync(
                    "share", token, [i % 2 == 0 ? StateChange.Put(key, record) : StateChange.Remove(key)], CancellationToken.None);
                own.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            return own;
        })));
        return [.. times.SelectMany(own => own)];
    }

    private readonly record struct Result(double Rate, double PerTransaction, double CpuMicroseconds, double Median, double Slow);
}
