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
        var foreign = rows.SelectMany(row => row.Results).Select(result => result.Foreign).DefaultIfEmpty().Average();
        text.AppendLine("Cost is the server's CPU time (user and system) per unit of work unless the line says otherwise; rate is per second;")
            .AppendLine("p50 and p99 are response times in µs as the client sees them; ratios are to the first server, of medians of")
            .AppendLine(CultureInfo.InvariantCulture, $"interleaved runs. Other processes took {foreign:P0} of the machine.")
            .AppendLine();
        text.Append("| work | cost in |");
        foreach (var target in targets)
        {
            text.Append(CultureInfo.InvariantCulture, $" {target} | rate | p50 / p99 |");
        }

        text.AppendLine(" cost ratio | aim | rate ratio |")
            .Append("|---|---|").Insert(text.Length, "--:|--:|--:|", targets.Count).AppendLine("--:|--:|--:|");
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Work} | {row.CostUnit} |");
            foreach (var result in row.Results)
            {
                text.Append(result.Failure is null ? Cells(result) : " – | – | – |");
            }

            var mark = row.MeetsAim == false ? "**" : string.Empty;
            var aim = row.Aim is null ? string.Empty : "≤ " + ConsoleReport.Ratio(row.Aim);
            text.Append(CultureInfo.InvariantCulture, $" {mark}{ConsoleReport.Ratio(row.Ratio)}{mark} | {aim} |")
                .AppendLine(CultureInfo.InvariantCulture, $" {ConsoleReport.Ratio(row.RateRatioOf(row.Results[^1]))} |");
        }

        foreach (var (work, result) in rows.SelectMany(row => row.Results.Select(result => (row.Work, result))))
        {
            if (result.Failure is { } failure)
            {
                text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{work} on {result.Target}: {failure}");
            }
        }

        return text.ToString();
    }

    private static string Cells(Result result)
    {
        var latency = $"{ConsoleReport.Number(result.P50)} / {ConsoleReport.Number(result.P99)}";
        return $" {ConsoleReport.Number(result.Cost)} | {ConsoleReport.Number(result.Rate)} | {latency} |";
    }
}
