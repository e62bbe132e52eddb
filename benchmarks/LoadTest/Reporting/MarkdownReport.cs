using System.Globalization;
using System.Text;
using Smb3.Embedded.LoadTest.Measuring;

namespace Smb3.Embedded.LoadTest.Reporting;

/// <summary>The table of RESULTS.md.</summary>
internal static class MarkdownReport
{
    public static string Write(RunFacts facts, IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        var targets = rows.Count == 0 ? [] : rows[0].Results.Select(result => result.Target).ToList();
        text.AppendLine(CultureInfo.InvariantCulture, $"Measured {facts.When:yyyy-MM-dd HH:mm} UTC on {facts.Machine}.").AppendLine();
        text.AppendLine("Cost is the server's CPU time (user and system) per unit of work unless the line says otherwise; rate is per second;")
            .AppendLine("p50 and p99 are response times in µs as the client sees them; ratios are to the first server, of medians of interleaved runs.")
            .AppendLine();
        text.Append("| work | cost in |");
        foreach (var target in targets)
        {
            text.Append(CultureInfo.InvariantCulture, $" {target} | rate | p50 / p99 |");
        }

        text.AppendLine(" cost ratio | aim | rate ratio |").Append("|---|---|").Insert(text.Length, "--:|--:|--:|", targets.Count).AppendLine("--:|--:|--:|");
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Work} | {row.CostUnit} |");
            foreach (var result in row.Results)
            {
                text.Append(result.Failure is null
                    ? $" {ConsoleReport.Number(result.Cost)} | {ConsoleReport.Number(result.Rate)} | {ConsoleReport.Number(result.P50)} / {ConsoleReport.Number(result.P99)} |"
                    : " – | – | – |");
            }

            var mark = row.MeetsAim == false ? "**" : string.Empty;
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $" {mark}{ConsoleReport.Ratio(row.Ratio)}{mark} | {(row.Aim is { } aim ? "≤ " + ConsoleReport.Ratio(aim) : "")} | {ConsoleReport.Ratio(row.RateRatioOf(row.Results[^1]))} |");
        }

        var failures = rows.SelectMany(row => row.Results.Where(result => result.Failure is not null).Select(result => (row.Work, result))).ToList();
        foreach (var (work, result) in failures)
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{work} on {result.Target}: {result.Failure}");
        }

        return text.ToString();
    }
}
