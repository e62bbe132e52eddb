using System.Buffers;
using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// AES-CMAC over the platform's AES: CBC of large pieces into a pooled buffer of which only the last block counts, so that bulk data
/// goes through few calls. The platform's calls allocate some bytes each; it is used where there are no x86 AES instructions.
/// </summary>
internal sealed class PortableAesCmac : AesCmac
{
    private const int PieceSize = 32 * 1024;

    private readonly byte[] _keys = GC.AllocateArray<byte>(KeySize + (2 * BlockSize), pinned: true);
    private readonly PrimitivePool<Aes> _pool;

    public PortableAesCmac(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        key.CopyTo(_keys);
        _pool = new PrimitivePool<Aes>(CreateAes);

        Span<byte> l = stackalloc byte[BlockSize];
        l.Clear();
        var aes = _pool.Rent();
        aes.EncryptEcb(l, l, PaddingMode.None);
        _pool.Return(aes);
        Double(l, _keys.AsSpan(KeySize, BlockSize));
        Double(_keys.AsSpan(KeySize, BlockSize), _keys.AsSpan(KeySize + BlockSize, BlockSize));
        CryptographicOperations.ZeroMemory(l);
    }

    public override void Compute(ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> chain = stackalloc byte[BlockSize];
        Span<byte> last = stackalloc byte[BlockSize];
        chain.Clear();
        var body = BodyLength(message.Length);
        MaskLastBlock(message[body..], _keys.AsSpan(KeySize, BlockSize), _keys.AsSpan(KeySize + BlockSize), last);

        var aes = _pool.Rent();
        var scratch = ArrayPool<byte>.Shared.Rent(Math.Clamp(body, BlockSize, PieceSize));
        try
        {
            for (var rest = message[..body]; !rest.IsEmpty;)
            {
                var piece = rest[..Math.Min(rest.Length, PieceSize)];
                aes.EncryptCbc(piece, chain, scratch, PaddingMode.None);
                scratch.AsSpan(piece.Length - BlockSize, BlockSize).CopyTo(chain);
                rest = rest[piece.Length..];
            }

            aes.EncryptCbc(last, chain, scratch, PaddingMode.None);
            scratch.AsSpan(0, BlockSize).CopyTo(mac);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
            _pool.Return(aes);
        }
    }

    public override void Dispose()
    {
        _pool.Dispose();
        CryptographicOperations.ZeroMemory(_keys);
    }

    private Aes CreateAes()
    {
        var aes = Aes.Create();
        aes.SetKey(_keys.AsSpan(0, KeySize));
        return aes;
    }
}
