using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using AesNi = System.Runtime.Intrinsics.X86.Aes;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// AES-CMAC on the processor's own AES rounds: as fast as the chain of blocks allows, without calls out of the runtime or
/// allocations, which matters for the many small messages of SMB.
/// </summary>
internal sealed class X86AesCmac : AesCmac
{
    private const int Rounds = 10;

    // The eleven round keys, K1 and K2.
    private readonly Vector128<byte>[] _keys = GC.AllocateArray<Vector128<byte>>(Rounds + 3, pinned: true);

    public X86AesCmac(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        ExpandKey(Vector128.Create(key), _keys);

        Span<byte> l = stackalloc byte[BlockSize];
        Span<byte> k1 = stackalloc byte[BlockSize];
        Span<byte> k2 = stackalloc byte[BlockSize];
        Chain(_keys, Vector128<byte>.Zero, l).CopyTo(l);
        Double(l, k1);
        Double(k1, k2);
        _keys[Rounds + 1] = Vector128.Create<byte>(k1);
        _keys[Rounds + 2] = Vector128.Create<byte>(k2);
        CryptographicOperations.ZeroMemory(l);
        CryptographicOperations.ZeroMemory(k1);
        CryptographicOperations.ZeroMemory(k2);
    }

    public static bool IsSupported => AesNi.IsSupported && BitConverter.IsLittleEndian;

    public override void Compute(ReadOnlySpan<byte> message, Span<byte> mac)
    {
        var keys = MemoryMarshal.AsBytes(_keys.AsSpan());
        var body = BodyLength(message.Length);
        Span<byte> last = stackalloc byte[BlockSize];
        MaskLastBlock(message[body..], keys.Slice((Rounds + 1) * BlockSize, BlockSize), keys[((Rounds + 2) * BlockSize)..], last);
        var chained = Chain(_keys, Vector128<byte>.Zero, message[..body]);
        Chain(_keys, chained, last).CopyTo(mac);
    }

    public override void Dispose() => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_keys.AsSpan()));

    /// <summary>CBC without output: every block is xored into the chain and encrypted.</summary>
    private static Vector128<byte> Chain(ReadOnlySpan<Vector128<byte>> keys, Vector128<byte> chain, ReadOnlySpan<byte> blocks)
    {
        // Locals, so that the round keys stay in registers. The first round's key is folded into the last round's.
        var k0 = keys[0];
        var k1 = keys[1];
        var k2 = keys[2];
        var k3 = keys[3];
        var k4 = keys[4];
        var k5 = keys[5];
        var k6 = keys[6];
        var k7 = keys[7];
        var k8 = keys[8];
        var k9 = keys[9];
        var k10 = keys[10] ^ k0;
        chain ^= k0;
        foreach (var block in MemoryMarshal.Cast<byte, Vector128<byte>>(blocks))
        {
            chain ^= block;
            chain = AesNi.Encrypt(chain, k1);
            chain = AesNi.Encrypt(chain, k2);
            chain = AesNi.Encrypt(chain, k3);
            chain = AesNi.Encrypt(chain, k4);
            chain = AesNi.Encrypt(chain, k5);
            chain = AesNi.Encrypt(chain, k6);
            chain = AesNi.Encrypt(chain, k7);
            chain = AesNi.Encrypt(chain, k8);
            chain = AesNi.Encrypt(chain, k9);
            chain = AesNi.EncryptLast(chain, k10);
        }

        return chain ^ k0;
    }

    /// <summary>FIPS 197 5.2.</summary>
    private static void ExpandKey(Vector128<byte> key, Span<Vector128<byte>> roundKeys)
    {
        roundKeys[0] = key;
        byte roundConstant = 1;
        for (var round = 1; round <= Rounds; round++)
        {
            // Every lane is RotWord(SubWord(last word)); the instruction's own round constant is left zero, as it must be a literal.
            var word = Sse2.Shuffle(AesNi.KeygenAssist(key, 0).AsUInt32(), 0xFF) ^ Vector128.Create((uint)roundConstant);
            key ^= Sse2.ShiftLeftLogical128BitLane(key, 4);
            key ^= Sse2.ShiftLeftLogical128BitLane(key, 8);
            key ^= word.AsByte();
            roundKeys[round] = key;
            roundConstant = (byte)((roundConstant << 1) ^ (roundConstant >= 0x80 ? 0x1B : 0));
        }
    }
}
