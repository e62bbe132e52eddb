using System.Diagnostics;

namespace Smb3.Embedded.LoadTest.Measuring;

/// <summary>What a stretch of time cost: the server, this process, and everybody else on the machine.</summary>
internal sealed class Window
{
    private readonly ProcessTree _server;
    private readonly double _serverBefore;
    private readonly double _busyBefore;
    private readonly double _clientBefore;
    private readonly long _started;

    private Window(ProcessTree server)
    {
        _server = server;
        _serverBefore = server.SettledCpuSeconds();
        _busyBefore = ProcessTree.BusySeconds();
        _clientBefore = ClientCpu();
        _started = Stopwatch.GetTimestamp();
    }

    public double Seconds { get; private set; }

    public double ServerCpu { get; private set; }

    public double Foreign { get; private set; }

    public static Window Open(ProcessTree server) => new(server);

    public Window Close()
    {
        Seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        ServerCpu = _server.SettledCpuSeconds() - _serverBefore;
        var all = ProcessTree.BusySeconds() - _busyBefore;
        var wall = Stopwatch.GetElapsedTime(_started).TotalSeconds * Environment.ProcessorCount;
        Foreign = Math.Max(0, all - ServerCpu - (ClientCpu() - _clientBefore)) / wall;
        return this;
    }

    private static double ClientCpu() => Environment.CpuUsage.TotalTime.TotalSeconds;
}
