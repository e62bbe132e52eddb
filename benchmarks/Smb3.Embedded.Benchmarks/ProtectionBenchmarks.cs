using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Benchmarks;

/// <summary>Signing and verifying, per algorithm and size.</summary>
[MemoryDiagnoser]
public class SigningBenchmarks
{
    private MessageSigner _signer = null!;
    private byte[] _message = [];

    [Params("HmacSha256", "AesCmac", "AesGmac")]
    public string Algorithm { get; set; } = string.Empty;

    [Params(128, 65536, 1 << 20)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _signer = MessageSigner.Create(Enum.Parse<Smb2SigningAlgorithm>(Algorithm), RandomNumberGenerator.GetBytes(16));
        _message = RandomNumberGenerator.GetBytes(Smb2Header.Size + Size);
        _signer.Sign(_message);
    }

    [GlobalCleanup]
    public void Cleanup() => _signer.Dispose();

    [Benchmark]
    public void Sign() => _signer.Sign(_message);

    [Benchmark]
    public bool Verify() => _signer.Verify(_message);
}

/// <summary>Sealing, and opening what was sealed, per cipher and size.</summary>
[MemoryDiagnoser]
public class SealingBenchmarks
{
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private MessageSealer _sealer = null!;
    private byte[] _frame = [];
    private byte[] _sealed = [];

    [Params("Aes128Ccm", "Aes128Gcm", "Aes256Ccm", "Aes256Gcm")]
    public string Cipher { get; set; } = string.Empty;

    [Params(128, 65536, 1 << 20)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var cipher = Enum.Parse<Smb2Cipher>(Cipher);
        var key = RandomNumberGenerator.GetBytes(MessageSealer.KeySizeOf(cipher));
        _sealer = MessageSealer.Create(cipher, key, key, _random);
        _frame = new byte[Smb2TransformHeader.Size + Smb2Header.Size + Size];
        _sealed = (byte[])_frame.Clone();
        _sealer.Seal(_sealed, 1);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _sealer.Dispose();
        _random.Dispose();
    }

    [Benchmark]
    public void Seal() => _sealer.Seal(_frame, 1);

    /// <summary>The copy that each run needs, because opening is in place, is counted in.</summary>
    [Benchmark]
    public bool Open()
    {
        _sealed.CopyTo(_frame, 0);
        return _sealer.TryOpen(_frame);
    }
}
