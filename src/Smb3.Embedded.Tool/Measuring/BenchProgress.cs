using System.Diagnostics;
using Spectre.Console;

namespace Smb3.Embedded.Tool.Measuring;

/// <summary>A bar for each step, where a person looks.</summary>
internal static class BenchProgress
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs something that says which step it begins, and how long that takes; zero: nobody knows.</summary>
    public static Task RunAsync(Func<Action<string, TimeSpan>, Task> run)
    {
        if (Console.IsErrorRedirected)
        {
            return run(static (_, _) => { });
        }

        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return terminal.Progress().AutoClear(true).StartAsync(async progress =>
        {
            ProgressTask? bar = null;
            var (began, length) = (0L, TimeSpan.Zero);
            var running = run((step, takes) =>
            {
                bar?.StopTask();
                (began, length) = (Stopwatch.GetTimestamp(), takes);
                bar = progress.AddTask(Markup.Escape(step), maxValue: Math.Max(takes.TotalSeconds, 1));
                bar.IsIndeterminate = takes == TimeSpan.Zero;
            });
            while (!running.IsCompleted)
            {
                await Task.WhenAny(running, Task.Delay(Look)).ConfigureAwait(false);
                if (bar is { } current && length > TimeSpan.Zero)
                {
                    current.Value = Stopwatch.GetElapsedTime(began).TotalSeconds;
                }
            }

            await running.ConfigureAwait(false);
        });
    }
}
