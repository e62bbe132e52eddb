namespace Smb3.Embedded.Security.Cryptography;

/// <summary>AES-128-CMAC (RFC 4493), which .NET does not have. Safe for concurrent use.</summary>
internal abstract class AesCmac : IDisposable
{
    public const int BlockSize = 16;
    public const int KeySize = 16;

    /// <summary>The fastest that the processor offers. The key is copied.</summary>
    public static AesCmac Create(ReadOnlySpan<byte> key) =>
        X86AesCmac.IsSupported ? new X86AesCmac(key) : new PortableAesCmac(key);

    /// <summary>Writes the 16 bytes of the code of <paramref name="message"/>.</summary>
    public abstract void Compute(ReadOnlySpan<byte> message, Span<byte> mac);

    public abstract void Dispose();

    /// <summary>How many bytes precede the last block, which is processed separately (RFC 4493 2.4).</summary>
    protected static int BodyLength(int messageLength) => messageLength == 0 ? 0 : (messageLength - 1) / BlockSize * BlockSize;

    /// <summary>The last block: whole and masked with K1, or padded with 10* and masked with K2.</summary>
    protected static void MaskLastBlock(ReadOnlySpan<byte> last, ReadOnlySpan<byte> k1, ReadOnlySpan<byte> k2, Span<byte> block)
    {
        block[..BlockSize].Clear();
        last.CopyTo(block);
        var mask = k1;
        if (last.Length < BlockSize)
        {
            block[last.Length] = 0x80;
            mask = k2;
        }

        for (var i = 0; i < BlockSize; i++)
        {
            block[i] ^= mask[i];
        }
    }

    /// <summary>
    /// Doubles in GF(2^128): K1 is the double of AES(0), K2 the double of K1 (RFC 4493 2.3). Without a branch on the key.
    /// </summary>
    protected static void Double(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var carry = 0;
        for (var i = BlockSize - 1; i >= 0; i--)
        {
            var doubled = (source[i] << 1) | carry;
            carry = doubled >> 8;
            target[i] = (byte)doubled;
        }

        target[BlockSize - 1] ^= (byte)(0x87 & -carry);
    }
}
