using BenchmarkDotNet.Attributes;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Benchmarks;

/// <summary>A message id used and a credit granted, as each request does it.</summary>
[MemoryDiagnoser]
public class CreditBenchmarks
{
    private readonly CreditWindow _window = new(8192);
    private ulong _next;

    [Params(1, 16)]
    public int Charge { get; set; }

    [GlobalSetup]
    public void Setup() => _window.Grant(64);

    [Benchmark]
    public int UseAndGrant()
    {
        if (!_window.TryUse(_next, Charge))
        {
            throw new InvalidOperationException("The window is closed.");
        }

        _next += (ulong)Charge;
        return _window.Grant(Charge);
    }
}
