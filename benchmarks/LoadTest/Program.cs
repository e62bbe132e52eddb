using Smb3.Embedded.LoadTest;
using Smb3.Embedded.LoadTest.Measuring;
using Smb3.Embedded.LoadTest.Reporting;
using Smb3.Embedded.LoadTest.Work;
using Spectre.Console;

// dotnet run -c Release --project benchmarks/LoadTest -- --target smbd=127.0.0.2:445,share,root,perfpass,4711 --work 'read.*'
var arguments = new Arguments();
arguments.Command.SetAction(async (parsed, cancellationToken) =>
{
    var plan = arguments.Read(parsed);
    if (plan.List || plan.Targets.Count == 0)
    {
        Console.WriteLine(string.Join('\n', Catalogue.Names));
        return plan.List ? 0 : 2;
    }

    List<Workload> work;
    try
    {
        work = Catalogue.Find(plan.Work);
    }
    catch (FormatException e)
    {
        AnsiConsole.MarkupLineInterpolated($"[red]{e.Message}[/]");
        return 2;
    }

    // A table needs its width even where there is no terminal to ask.
    AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 180);
    var comparison = new Comparison(plan.Targets, plan.Length, plan.Runs);
    var rows = new List<Row>();
    await AnsiConsole.Progress().AutoClear(true).StartAsync(async progress =>
    {
        var task = progress.AddTask("starting", maxValue: work.Count);
        foreach (var one in work)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(await comparison.RunAsync(one, step => task.Description = Markup.Escape($"{one.Name} {step}")));
            task.Increment(1);
            Save(plan, rows);
        }
    });
    ConsoleReport.Print(AnsiConsole.Console, rows);
    return 0;
});
return await arguments.Command.Parse(args).InvokeAsync();

// After every row, so that a run that is broken off leaves what it has.
void Save(Plan plan, IReadOnlyList<Row> rows)
{
    var facts = RunFacts.Now(args);
    foreach (var (file, text) in new (FileInfo?, Func<RunFacts, IReadOnlyList<Row>, string>)[]
        { (plan.Json, JsonReport.Write), (plan.Svg, SvgChart.Write), (plan.Markdown, MarkdownReport.Write) })
    {
        if (file is not null)
        {
            File.WriteAllText(file.FullName, text(facts, rows));
        }
    }
}
