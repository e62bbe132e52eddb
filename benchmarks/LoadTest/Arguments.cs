using System.CommandLine;
using System.Globalization;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Work;

namespace Smb3.Embedded.LoadTest;

/// <summary>The command line.</summary>
internal sealed class Arguments
{
    private readonly Option<Target[]> _targets = new("--target")
    {
        HelpName = Target.Syntax,
        Description = "A server, with the process whose CPU time counts; repeatable. The first is what the others are compared with.",
        CustomParser = result =>
        {
            try
            {
                return [.. result.Tokens.Select(token => Target.Parse(token.Value))];
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
                return [];
            }
        },
    };

    private readonly Option<string[]> _work = new("--work")
    {
        HelpName = "PATTERN",
        Description = "Runs of --list by pattern, or one of your own by its name: " + WorkSpec.Syntax + ". Default: all of --list.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => ["*"],
    };

    private readonly Option<int> _runs = new("--runs")
    {
        Description = "Runs whose median counts; one more before them warms up.",
        DefaultValueFactory = _ => 5,
    };

    private readonly Option<int> _size = new("--size") { Description = "MiB that a transfer moves.", DefaultValueFactory = _ => 512 };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long small operations are repeated in one run.",
        DefaultValueFactory = _ => 1.5,
    };

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Where everything goes as JSON." };
    private readonly Option<FileInfo?> _svg = new("--svg") { Description = "Where the chart goes." };
    private readonly Option<FileInfo?> _markdown = new("--markdown") { Description = "Where the table goes as Markdown." };
    private readonly Option<bool> _list = new("--list") { Description = "Names the runs and does nothing." };

    public Arguments()
    {
        Command = new RootCommand("Puts load on SMB servers of this machine and compares what it costs them.");
        foreach (var option in new Option[] { _targets, _work, _runs, _size, _seconds, _json, _svg, _markdown, _list })
        {
            Command.Options.Add(option);
        }
    }

    public RootCommand Command { get; }

    public Plan Read(ParseResult parsed) => new(
        parsed.GetValue(_targets) ?? [],
        parsed.GetValue(_work)!,
        parsed.GetValue(_runs),
        new RunLength((long)parsed.GetValue(_size) << 20, TimeSpan.FromSeconds(parsed.GetValue(_seconds))),
        parsed.GetValue(_json),
        parsed.GetValue(_svg),
        parsed.GetValue(_markdown),
        parsed.GetValue(_list));
}

/// <summary>What the command line asks for.</summary>
internal sealed record Plan(
    IReadOnlyList<Target> Targets,
    IReadOnlyList<string> Work,
    int Runs,
    RunLength Length,
    FileInfo? Json,
    FileInfo? Svg,
    FileInfo? Markdown,
    bool List);
