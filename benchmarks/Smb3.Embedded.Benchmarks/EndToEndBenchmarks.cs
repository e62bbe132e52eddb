using BenchmarkDotNet.Attributes;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Benchmarks;

/// <summary>READ and WRITE of a whole server, request to response.</summary>
[MemoryDiagnoser]
public class EndToEndBenchmarks
{
    private ServerUnderLoad _load = null!;

    [Params(4096, 65536, 1 << 20)]
    public int Size { get; set; }

    /// <summary>Whether requests and responses are signed (AES-128-GMAC).</summary>
    [Params(false, true)]
    public bool Signed { get; set; }

    [GlobalSetup(Target = nameof(Read))]
    public void SetupRead() => _load = ServerUnderLoad.Start(Size, Signed, (_, file) => file.ReadRequest(0, (uint)Size));

    [GlobalSetup(Target = nameof(Write))]
    public void SetupWrite() => _load = ServerUnderLoad.Start(Size, Signed, (_, file) => file.WriteRequest(0, new byte[Size]));

    [GlobalCleanup]
    public void Cleanup() => _load.Dispose();

    [Benchmark]
    public ValueTask<NtStatus> Read() => _load.Request.SendAsync();

    [Benchmark]
    public ValueTask<NtStatus> Write() => _load.Request.SendAsync();
}

/// <summary>ECHO: what the way of a request costs by itself.</summary>
[MemoryDiagnoser]
public class EchoBenchmarks
{
    private ServerUnderLoad _load = null!;

    [Params(false, true)]
    public bool Signed { get; set; }

    [GlobalSetup]
    public void Setup() => _load = ServerUnderLoad.Start(1, Signed, (tree, _) => tree.Request(Smb2Command.Echo, [4, 0, 0, 0]));

    [GlobalCleanup]
    public void Cleanup() => _load.Dispose();

    [Benchmark]
    public ValueTask<NtStatus> Echo() => _load.Request.SendAsync();
}
