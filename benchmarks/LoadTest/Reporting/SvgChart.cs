using System.Globalization;
using System.Net;
using System.Text;
using Smb3.Embedded.LoadTest.Measuring;

namespace Smb3.Embedded.LoadTest.Reporting;

/// <summary>A bar for each workload: cost of the last server as a share of the first's, with a mark where the aim is.</summary>
internal static class SvgChart
{
    private const int RowHeight = 20;
    private const int Left = 220;
    private const int PerRatio = 320;
    private const double Widest = 2.0;
    private const int Top = 44;

    public static string Write(RunFacts facts, IReadOnlyList<Row> rows)
    {
        var shown = rows.Where(row => row.Results.Count > 1 && row.Ratio is not null).ToList();
        var height = Top + (shown.Count * RowHeight) + 16;
        var width = Left + (int)(PerRatio * Widest) + 60;
        var svg = new StringBuilder();
        Line(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" """);
        svg.AppendLine("""font-size="12">""");
        Line(svg, $"""<rect width="{width}" height="{height}" fill="white"/>""");
        if (shown.Count > 0)
        {
            var title = $"{shown[0].Results[^1].Target} / {shown[0].Results[0].Target}: cost, {facts.When:yyyy-MM-dd}"
                + " (shorter is better; the line is 1×, the mark the aim)";
            Line(svg, $"""<text x="8" y="20" font-weight="bold">{WebUtility.HtmlEncode(title)}</text>""");
        }

        for (var i = 0; i < shown.Count; i++)
        {
            Bar(svg, shown[i], Top + (i * RowHeight));
        }

        Line(svg, $"""<line x1="{Left + PerRatio}" x2="{Left + PerRatio}" y1="{Top - 8}" y2="{height - 12}" stroke="#444"/>""");
        return svg.AppendLine("</svg>").ToString();
    }

    private static void Bar(StringBuilder svg, Row row, int y)
    {
        var ratio = row.Ratio!.Value;
        var colour = row.MeetsAim switch { true => "#3a923a", false => "#c03d3e", null => "#3274a1" };
        var length = Math.Min(ratio, Widest) * PerRatio;
        Line(svg, $"""<text x="{Left - 8}" y="{y + 12}" text-anchor="end">{WebUtility.HtmlEncode(row.Work)}</text>""");
        Line(svg, $"""<rect x="{Left}" y="{y}" width="{length:F0}" height="{RowHeight - 5}" fill="{colour}"/>""");
        Line(svg, $"""<text x="{Left + length + 4:F0}" y="{y + 12}">{ConsoleReport.Ratio(ratio)}</text>""");
        if (row.Aim is { } aim)
        {
            var at = Left + (aim * PerRatio);
            Line(svg, $"""<line x1="{at:F0}" x2="{at:F0}" y1="{y - 2}" y2="{y + RowHeight - 3}" stroke="black" stroke-width="2"/>""");
        }
    }

    private static void Line(StringBuilder svg, FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
