using System.Buffers;
using BenchmarkDotNet.Attributes;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Benchmarks.Growth;

/// <summary>One more open of a file that has many, and its close.</summary>
[MemoryDiagnoser]
public class OpensOfOneFile
{
    private readonly GrowingVolume _volume = new();

    [Params(1, 100, 10_000)]
    public int Opens { get; set; }

    [GlobalSetup]
    public void Setup() => _volume.HoldAsync(Opens, _ => _volume.OpenAsync()).GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Cleanup() => _volume.CloseAsync().GetAwaiter().GetResult();

    [Benchmark]
    public async Task OpenAndClose() => await (await _volume.OpenAsync()).CloseAsync();
}

/// <summary>One more file beside many that are open.</summary>
[MemoryDiagnoser]
public class OpenFiles
{
    private readonly GrowingVolume _volume = new();

    [Params(1, 1_000, 100_000)]
    public int Files { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _volume.OpenAsync("folder", options: CreateOptions.DirectoryFile).GetAwaiter().GetResult();
        _volume.HoldAsync(Files, i => _volume.OpenAsync($"folder\\{i}")).GetAwaiter().GetResult();
    }

    [GlobalCleanup]
    public void Cleanup() => _volume.CloseAsync().GetAwaiter().GetResult();

    [Benchmark]
    public async Task OpenAndClose() => await (await _volume.OpenAsync()).CloseAsync();
}

/// <summary>Locks beside those of many opens of the same file, and a write that must keep clear of them all.</summary>
[MemoryDiagnoser]
public class LocksOfOneFile
{
    private static readonly LockRequest[] Request = [new(new ByteRange(1UL << 40, 100), true)];
    private static readonly ByteRange[] Ranges = [Request[0].Range];

    private readonly GrowingVolume _volume = new();
    private readonly ReadOnlySequence<byte> _data = new(new byte[1]);
    private FileOpen _open = null!;

    [Params(1, 100, 10_000)]
    public int Locks { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _volume.HoldAsync(Locks, _ => _volume.OpenAsync()).GetAwaiter().GetResult();
        for (var i = 0; i < Locks; i++)
        {
            LockRequest[] request = [new(new ByteRange(1000 + ((ulong)i * 10), 10), true)];
            _volume.Held[i].LockAsync(request, failImmediately: true, default).AsTask().Wait();
        }

        _open = _volume.OpenAsync().GetAwaiter().GetResult();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _open.CloseAsync().AsTask().Wait();
        _volume.CloseAsync().GetAwaiter().GetResult();
    }

    [Benchmark]
    public async Task LockAndUnlock()
    {
        await _open.LockAsync(Request, failImmediately: true, CancellationToken.None);
        _open.Unlock(Ranges);
    }

    [Benchmark]
    public ValueTask<NtStatus> WriteBesideLocks() => _open.WriteAsync(0, _data, writeThrough: false, CancellationToken.None);
}

/// <summary>A lease that is granted and broken on a file that many have open: as they are, or each with a lease that is used up.</summary>
[MemoryDiagnoser]
public class LeasesOfOneFile
{
    private readonly GrowingVolume _volume = new();
    private readonly ReadOnlySequence<byte> _data = new(new byte[1]);
    private FileOpen _writer = null!;

    [Params(1, 100, 10_000)]
    public int Opens { get; set; }

    [Params(false, true)]
    public bool Leased { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _writer = _volume.OpenAsync().GetAwaiter().GetResult();
        var caching = Leased ? CacheState.Read : CacheState.None;
        _volume.HoldAsync(Opens, _ => _volume.OpenAsync(caching: caching)).GetAwaiter().GetResult();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _writer.CloseAsync().AsTask().Wait();
        _volume.CloseAsync().GetAwaiter().GetResult();
    }

    /// <summary>The first write breaks all there are; from then on one lease comes, is broken and goes.</summary>
    [Benchmark]
    public async Task GrantAndBreak()
    {
        var reader = await _volume.OpenAsync(caching: CacheState.Read);
        await _writer.WriteAsync(0, _data, writeThrough: false, CancellationToken.None);
        await reader.CloseAsync();
    }
}

/// <summary>One more lease beside many, and its end.</summary>
[MemoryDiagnoser]
public class LeaseGrants
{
    private readonly GrowingVolume _volume = new();

    [Params(1, 100, 10_000)]
    public int Leases { get; set; }

    [GlobalSetup]
    public void Setup() => _volume.HoldAsync(
        Leases, _ => _volume.OpenAsync(caching: CacheState.Read | CacheState.Handle)).GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Cleanup() => _volume.CloseAsync().GetAwaiter().GetResult();

    [Benchmark]
    public async Task GrantAndClose() => await (await _volume.OpenAsync(caching: CacheState.Read | CacheState.Handle)).CloseAsync();
}
