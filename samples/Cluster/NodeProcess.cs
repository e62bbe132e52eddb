using System.Diagnostics;
using System.Globalization;

namespace Smb3.Embedded.Samples.Cluster;

/// <summary>A node in a process of its own, to which everything can be done that happens to machines.</summary>
internal sealed class NodeProcess(Network network, int number, string folder, string database) : IDisposable
{
    private Process? _process;

    public int Number => number;

    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"node{number}");

    /// <summary>Starts it.</summary>
    /// <returns>Completes when it listens.</returns>
    public Task StartAsync()
    {
        var serving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var start = new ProcessStartInfo("ip") { RedirectStandardOutput = true };
        foreach (var argument in network.CommandOf(number, "serve", Name, Network.AddressOf(number), folder, database))
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                Console.WriteLine($"{Name}:  {text}");
                if (text.EndsWith(Node.Serves + Name, StringComparison.Ordinal))
                {
                    serving.TrySetResult();
                }
            }
        };
        _process.BeginOutputReadLine();
        return serving.Task;
    }

    /// <summary>It stands still, as a virtual machine that is paused.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>It goes on as if no time had passed.</summary>
    public void Wake() => Signal("CONT");

    /// <summary>It is asked to end, gives its shares to the others, and ends.</summary>
    public async Task DrainAsync()
    {
        Signal("TERM");
        await _process!.WaitForExitAsync();
        Dispose();
    }

    /// <summary>As <c>kill -9</c> does it: nothing is put in order.</summary>
    public void Dispose()
    {
        if (_process is { } process)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
            _process = null;
        }
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
