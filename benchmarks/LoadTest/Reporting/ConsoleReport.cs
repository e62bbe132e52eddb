using System.Globalization;
using Smb3.Embedded.LoadTest.Measuring;
using Spectre.Console;

namespace Smb3.Embedded.LoadTest.Reporting;

/// <summary>The table on the screen.</summary>
internal static class ConsoleReport
{
    private static readonly string[] Numbers =
        ["rate/s", "ratio", "cost", "lowest..highest", "ratio", "aim", "p50 µs", "p99 µs", "others"];

    public static void Print(IAnsiConsole console, IReadOnlyList<Row> rows)
    {
        var table = new Table().Border(TableBorder.Minimal)
            .AddColumns("work", "server")
            .AddColumns([.. Numbers.Select(name => new TableColumn(name).RightAligned())]);
        foreach (var row in rows)
        {
            foreach (var result in row.Results)
            {
                table.AddRow(Cells(row, result));
            }
        }

        console.Write(table);
    }

    private static string[] Cells(Row row, Result result)
    {
        var first = result == row.Results[0];
        if (result.Failure is { } failure)
        {
            return [first ? row.Work : string.Empty, result.Target, "[red]failed[/]", Markup.Escape(failure), "", "", "", "", "", "", ""];
        }

        var ratio = row.RatioOf(result);
        var colour = first || row.Aim is null ? "default" : ratio <= row.Aim ? "green" : "red";
        return
        [
            first ? row.Work : string.Empty,
            result.Target,
            Number(result.Rate) + " " + row.Unit,
            first ? string.Empty : Ratio(row.RateRatioOf(result)),
            $"{Number(result.Cost)} {row.CostUnit}",
            $"{Number(result.CostLowest)}..{Number(result.CostHighest)}",
            first ? string.Empty : $"[{colour}]{Ratio(ratio)}[/]",
            first ? string.Empty : Ratio(row.Aim),
            Number(result.P50),
            Number(result.P99),
            result.Foreign.ToString("P0", CultureInfo.InvariantCulture),
        ];
    }

    /// <summary>Three digits that count.</summary>
    public static string Number(double value) => double.IsNaN(value) ? "–"
        : value.ToString(
            Math.Abs(value) switch { >= 100 => "F0", >= 10 => "F1", >= 1 => "F2", >= 0.1 => "F3", _ => "F4" },
            CultureInfo.InvariantCulture);

    public static string Ratio(double? ratio) => ratio is { } value ? value.ToString("F2", CultureInfo.InvariantCulture) + "×" : "–";
}
