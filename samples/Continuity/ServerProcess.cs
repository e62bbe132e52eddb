using System.Diagnostics;
using System.Net;

namespace Smb3.Embedded.Samples.Continuity;

/// <summary>The server in a process of its own, which can be killed.</summary>
internal sealed class ServerProcess(IPEndPoint listen, string folder, string state) : IDisposable
{
    private Process? _process;

    public void Start()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        }

        foreach (var argument in new[] { "serve", listen.ToString(), folder, state })
        {
            start.ArgumentList.Add(argument);
        }

        start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += static (_, line) =>
        {
            if (line.Data is { } text)
            {
                Console.WriteLine("server: " + text);
            }
        };
        _process.BeginOutputReadLine();
    }

    /// <summary>As <c>kill -9</c> does it: nothing is put in order.</summary>
    public void KillAndStartAgain()
    {
        Dispose();
        Start();
    }

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
}
