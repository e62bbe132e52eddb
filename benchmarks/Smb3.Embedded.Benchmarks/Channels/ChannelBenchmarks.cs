using BenchmarkDotNet.Attributes;

namespace Smb3.Embedded.Benchmarks.Channels;

/// <summary>The same amount of data over one, two, four and eight channels of one session, signed.</summary>
public class ChannelReads
{
    private const int Requests = 256;
    private const int Size = 65536;

    private readonly SessionUnderLoad[] _loads = new SessionUnderLoad[9];

    [GlobalSetup]
    public void Setup()
    {
        foreach (var channels in new[] { 1, 2, 4, 8 })
        {
            _loads[channels] = SessionUnderLoad.Start(channels, Size, file => file.ReadRequest(0, Size));
        }
    }

    [GlobalCleanup]
    public void Cleanup() => SessionUnderLoad.End(_loads);

    [Benchmark(Baseline = true)]
    public Task OneChannel() => _loads[1].RunAsync(Requests);

    [Benchmark]
    public Task TwoChannels() => _loads[2].RunAsync(Requests);

    [Benchmark]
    public Task FourChannels() => _loads[4].RunAsync(Requests);

    [Benchmark]
    public Task EightChannels() => _loads[8].RunAsync(Requests);
}

/// <summary>The same for writes.</summary>
public class ChannelWrites
{
    private const int Requests = 256;
    private const int Size = 65536;

    private readonly SessionUnderLoad[] _loads = new SessionUnderLoad[9];

    [GlobalSetup]
    public void Setup()
    {
        foreach (var channels in new[] { 1, 2, 4, 8 })
        {
            _loads[channels] = SessionUnderLoad.Start(channels, Size, file => file.WriteRequest(0, new byte[Size]));
        }
    }

    [GlobalCleanup]
    public void Cleanup() => SessionUnderLoad.End(_loads);

    [Benchmark(Baseline = true)]
    public Task OneChannel() => _loads[1].RunAsync(Requests);

    [Benchmark]
    public Task TwoChannels() => _loads[2].RunAsync(Requests);

    [Benchmark]
    public Task FourChannels() => _loads[4].RunAsync(Requests);

    [Benchmark]
    public Task EightChannels() => _loads[8].RunAsync(Requests);
}

/// <summary>A connection, bound to a session and closed again: how many a second a server takes.</summary>
public class ChannelBinds
{
    private SessionUnderLoad _load = null!;

    [GlobalSetup]
    public void Setup() => _load = SessionUnderLoad.Start(1, 1, file => file.ReadRequest(0, 1));

    [GlobalCleanup]
    public void Cleanup() => SessionUnderLoad.End([_load]);

    [Benchmark]
    public Task Bind() => _load.BindAsync();
}
