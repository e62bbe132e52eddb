using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Smb3.Embedded.Tests.Docs;

/// <summary>
/// docs/grafana-dashboard.json asks for what there is: the instruments of docs/telemetry.md, which a test compares with the code, under the names
/// that OpenTelemetry gives them for Prometheus.
/// </summary>
public sealed partial class DashboardTests
{
    /// <summary>Labels that Prometheus itself gives.</summary>
    private static readonly string[] OwnLabels = ["job", "instance", "le"];

    private static readonly JsonElement Dashboard =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "grafana-dashboard.json"))).RootElement;

    private static readonly string[] Queries = [.. Panels().SelectMany(static panel => Targets(panel)).Select(static target => target.GetProperty("expr").GetString()!)];

    [Fact]
    public void Every_query_is_about_metrics_and_labels_that_are_there()
    {
        var metrics = Instruments().ToDictionary(static instrument => instrument.Metric, static instrument => instrument.Labels);
        Assert.NotEmpty(Queries);
        Assert.All(Queries, query =>
        {
            var asked = Metric().Matches(query).Select(static match => match.Value).Select(name => metrics.ContainsKey(name) ? name : Part().Replace(name, string.Empty)).ToList();
            Assert.NotEmpty(asked);
            Assert.All(asked, name => Assert.True(metrics.ContainsKey(name), $"There is no metric {name}: {query}"));
            var labels = Label().Matches(query).Select(static match => match.Groups[1].Value)
                .Concat(Grouping().Matches(query).SelectMany(static match => match.Groups[1].Value.Split(", ")));
            Assert.All(labels, label => Assert.True(
                OwnLabels.Contains(label) || asked.TrueForAll(name => metrics[name].Contains(label)), $"There is no label {label}: {query}"));
        });
    }

    [Fact]
    public void Every_metric_is_shown() =>
        Assert.All(
            Instruments().Select(static instrument => instrument.Metric),
            static name => Assert.Contains(Queries, query => query.Contains(name, StringComparison.Ordinal)));

    [Fact]
    public void Every_panel_has_a_title_a_number_and_the_chosen_source()
    {
        var panels = Panels().ToList();
        Assert.Equal(panels.Count, panels.Select(static panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, static panel => Assert.NotEmpty(panel.GetProperty("title").GetString()!));
        Assert.All(panels.SelectMany(Targets), static target => Assert.Equal("${datasource}", target.GetProperty("datasource").GetProperty("uid").GetString()));
    }

    private static JsonElement.ArrayEnumerator Panels() => Dashboard.GetProperty("panels").EnumerateArray();

    private static IEnumerable<JsonElement> Targets(JsonElement panel) =>
        panel.TryGetProperty("targets", out var targets) ? targets.EnumerateArray() : Enumerable.Empty<JsonElement>();

    /// <summary>
    /// Dots become underscores, the unit a suffix unless it is an annotation, and what only grows ends in <c>_total</c>
    /// (OpenTelemetry's compatibility with Prometheus). Where the name ends as the unit begins, the collector says that word once and the
    /// exporter of .NET twice.
    /// </summary>
    private static IEnumerable<(string Metric, string[] Labels)> Instruments() =>
        from line in File.ReadLines(Path.Combine(Repository.Root, "docs", "telemetry.md"))
        where line.StartsWith("| `smb.", StringComparison.Ordinal)
        let cells = line.Split('|', StringSplitOptions.TrimEntries)
        let unit = cells[3].Trim('`') switch { "s" => "_seconds", "By" => "_bytes", "By/s" => "_bytes_per_second", _ => string.Empty }
        let dotted = cells[1].Trim('`').Replace('.', '_')
        from name in unit == "_bytes_per_second" && dotted.EndsWith("_bytes", StringComparison.Ordinal)
            ? new[] { dotted + "_per_second", dotted + unit } : [dotted + unit]
        select (cells[2] == "counter" ? name + "_total" : name, cells[4].Replace("`", string.Empty, StringComparison.Ordinal).Replace('.', '_').Split(", "));

    [GeneratedRegex(@"\bsmb_server_\w+")]
    private static partial Regex Metric();

    /// <summary>What a histogram is more than one series of.</summary>
    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    [GeneratedRegex(@"[{,](\w+)(?:=~|!~|!=|=)""")]
    private static partial Regex Label();

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex Grouping();
}
