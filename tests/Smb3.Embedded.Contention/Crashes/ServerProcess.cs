using System.Diagnostics;
using System.Globalization;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>One life of the server, from its start to its end, whoever ends it.</summary>
internal sealed class ServerProcess : IDisposable
{
    /// <summary>What the answer to an order begins with that was carried out.</summary>
    public const string DoneLine = "done: ";

    private const string FailedLine = "failed: ";
    private const string ListeningLine = "listening on ";
    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Lock _sync = new();
    private readonly List<string> _log = [];
    private readonly TaskCompletionSource<bool> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<string?>? _order;
    private int _disposed;

    private ServerProcess(Process process) => _process = process;

    /// <summary>Whether clients may come; false when it ended before that.</summary>
    public Task<bool> Listening => _listening.Task;

    /// <summary>What it has written to its log.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_sync)
            {
                return [.. _log];
            }
        }
    }

    /// <summary>What it has logged as an error, each with the line of its text.</summary>
    public IEnumerable<string> Errors
    {
        get
        {
            var log = Log;
            for (var i = 0; i < log.Count; i++)
            {
                if (log[i].StartsWith("fail:", StringComparison.Ordinal) || log[i].StartsWith("crit:", StringComparison.Ordinal)
                    || log[i].StartsWith("Unhandled exception", StringComparison.Ordinal))
                {
                    yield return string.Join(' ', log.Skip(i).Take(4).Select(static line => line.Trim()));
                }
            }
        }
    }

    public static ServerProcess Start(
        string program, IEnumerable<string> arguments, string home, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home,
        };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var life = new ServerProcess(process);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith(ListeningLine, StringComparison.Ordinal) == true)
            {
                life._listening.TrySetResult(true);
            }
            else if (line.Data is { } answer && (answer.StartsWith(DoneLine, StringComparison.Ordinal) || answer.StartsWith(FailedLine, StringComparison.Ordinal)))
            {
                life._order?.TrySetResult(answer);
            }
        };
        process.ErrorDataReceived += (_, line) => life.Note(line.Data);
        process.Exited += (_, _) =>
        {
            life._listening.TrySetResult(false);
            life._order?.TrySetResult(null);
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return life;
    }

    /// <summary>SIGKILL. When it has completed, the process does nothing any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(ExitPatience);
    }

    /// <summary>Tells it to do something; one thing at a time.</summary>
    /// <returns>Its answer; null: it ended before.</returns>
    public async Task<string?> OrderAsync(string order)
    {
        var answer = _order = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _process.StandardInput.WriteLineAsync(order);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            return null;
        }

        if (_process.HasExited)
        {
            answer.TrySetResult(null);
        }

        return await answer.Task;
    }

    /// <summary>SIGSTOP: it does nothing, and its connections stay.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT: it goes on as if nothing had been.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    /// <summary>SIGTERM: it ends in order.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        await _process.WaitForExitAsync().WaitAsync(ExitPatience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            lock (_sync)
            {
                _log.Add(line);
            }
        }
    }
}
