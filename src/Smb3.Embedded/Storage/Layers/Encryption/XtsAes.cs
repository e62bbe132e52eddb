using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// XTS-AES-256 (IEEE 1619, NIST SP 800-38E) in data units of 4096 bytes, of whole blocks, made of the library's AES. A block of zeros is not taken for
/// encrypted but for a hole; that a block encrypts to zeros is as likely as that a key is guessed at the first try.
/// </summary>
/// <remarks>For one caller at a time. Allocates nothing once it has encrypted and decrypted.</remarks>
[SuppressMessage("Security", "CA5358", Justification = "XTS is defined by single blocks: each is masked before and after.")]
internal sealed class XtsAes : IDisposable
{
    /// <summary>Bytes of both keys: of the data, then of the tweaks.</summary>
    public const int KeyLength = 64;

    public const int BlockLength = 16;
    public const int UnitLength = 4096;

    /// <summary>What is worked on at a time, so that it stays in the nearest cache.</summary>
    private const int PieceLength = 2 * UnitLength;

    private const int TweaksOffset = PieceLength;
    private const int UnitsOffset = 2 * PieceLength;
    private const int WorkLength = UnitsOffset + (PieceLength / UnitLength * BlockLength);

    private readonly Aes _data = NewAes();
    private readonly ICryptoTransform _tweak;
    private ICryptoTransform? _encrypt;
    private ICryptoTransform? _decrypt;

    /// <param name="key">The key of the data and the key of the tweaks.</param>
    public XtsAes(ReadOnlySpan<byte> key)
    {
        _data.SetKey(key[..(KeyLength / 2)]);
        using var tweaks = NewAes();
        tweaks.SetKey(key[(KeyLength / 2)..]);
        _tweak = tweaks.CreateEncryptor();
    }

    /// <summary>Encrypts whole blocks.</summary>
    /// <param name="offset">Where they are in the data: a multiple of the length of a block.</param>
    /// <param name="data">The blocks.</param>
    /// <param name="encrypted">Where they go: as long, and either the same memory or none of it.</param>
    public void Encrypt(long offset, ReadOnlySpan<byte> data, Span<byte> encrypted) =>
        Run(_encrypt ??= _data.CreateEncryptor(), offset, data, encrypted, hasHoles: false);

    /// <summary>Decrypts whole blocks; those of zeros stay zeros.</summary>
    /// <param name="offset">Where they are in the data: a multiple of the length of a block.</param>
    /// <param name="encrypted">The blocks.</param>
    /// <param name="data">Where they go: as long, and either the same memory or none of it.</param>
    public void Decrypt(long offset, ReadOnlySpan<byte> encrypted, Span<byte> data) =>
        Run(_decrypt ??= _data.CreateDecryptor(), offset, encrypted, data, hasHoles: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        _encrypt?.Dispose();
        _decrypt?.Dispose();
        _tweak.Dispose();
        _data.Dispose();
    }

    private static Aes NewAes()
    {
        var aes = Aes.Create();
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        return aes;
    }

    private void Run(ICryptoTransform cipher, long offset, ReadOnlySpan<byte> from, Span<byte> to, bool hasHoles)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual((offset | (long)from.Length) & (BlockLength - 1), 0);
        var work = ArrayPool<byte>.Shared.Rent(WorkLength);
        try
        {
            while (!from.IsEmpty)
            {
                var length = (int)Math.Min(from.Length, PieceLength - (offset % UnitLength));
                var tweaks = work.AsSpan(TweaksOffset, length);
                FillTweaks(work, offset, tweaks);
                Mask(from[..length], tweaks, work);
                cipher.TransformBlock(work, 0, length, work, 0);
                if (hasHoles)
                {
                    Unmask(work, tweaks, from[..length], to);
                }
                else
                {
                    Mask(work.AsSpan(0, length), tweaks, to);
                }

                from = from[length..];
                to = to[length..];
                offset += length;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(work.AsSpan(0, PieceLength));
            ArrayPool<byte>.Shared.Return(work);
        }
    }

    /// <summary>The masks of blocks that begin at <paramref name="offset"/> (IEEE 1619 5.3.2: the encrypted number of the unit, times α for each block).</summary>
    private void FillTweaks(byte[] work, long offset, Span<byte> tweaks)
    {
        var unit = offset / UnitLength;
        var units = (int)(((offset + tweaks.Length - 1) / UnitLength) - unit + 1);
        for (var i = 0; i < units; i++)
        {
            var number = work.AsSpan(UnitsOffset + (i * BlockLength), BlockLength);
            BinaryPrimitives.WriteInt64LittleEndian(number, unit + i);
            number[sizeof(long)..].Clear();
        }

        _tweak.TransformBlock(work, UnitsOffset, units * BlockLength, work, UnitsOffset);
        var skipped = (int)(offset % UnitLength) / BlockLength;
        for (var i = 0; i < units; i++, skipped = 0)
        {
            var length = Math.Min(tweaks.Length, UnitLength - (skipped * BlockLength));
            FillTweaks(work.AsSpan(UnitsOffset + (i * BlockLength), BlockLength), skipped, tweaks[..length]);
            tweaks = tweaks[length..];
        }
    }

    /// <summary>Four tweaks side by side, each of which goes on by four, so that the processor need not wait for the one before.</summary>
    private static void FillTweaks(ReadOnlySpan<byte> first, int skipped, Span<byte> tweaks)
    {
        var low = BinaryPrimitives.ReadUInt64LittleEndian(first);
        var high = BinaryPrimitives.ReadUInt64LittleEndian(first[sizeof(ulong)..]);
        for (; skipped > 0; skipped--)
        {
            (low, high) = Double(low, high);
        }

        Span<ulong> lows = stackalloc ulong[4];
        Span<ulong> highs = stackalloc ulong[4];
        for (var i = 0; i < lows.Length; i++)
        {
            (lows[i], highs[i]) = (low, high);
            (low, high) = Double(low, high);
        }

        var (l, h) = (Vector256.Create<ulong>(lows), Vector256.Create<ulong>(highs));
        ref var to = ref MemoryMarshal.GetReference(tweaks);
        var place = 0;
        for (; BitConverter.IsLittleEndian && place + (4 * BlockLength) <= tweaks.Length; place += 4 * BlockLength)
        {
            Interleave(l, h, out var one, out var other);
            one.StoreUnsafe(ref to, (nuint)place);
            other.StoreUnsafe(ref to, (nuint)place + 32);
            var over = h >>> 60;
            h = (h << 4) | (l >>> 60);
            l = (l << 4) ^ over ^ (over << 1) ^ (over << 2) ^ (over << 7);
        }

        for ((low, high) = (l[0], h[0]); place < tweaks.Length; place += BlockLength)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(tweaks[place..], low);
            BinaryPrimitives.WriteUInt64LittleEndian(tweaks[(place + sizeof(ulong))..], high);
            (low, high) = Double(low, high);
        }
    }

    private static void Interleave(Vector256<ulong> low, Vector256<ulong> high, out Vector256<byte> one, out Vector256<byte> other)
    {
        // 0 1 2 3 and a b c d become 0 a 1 b and 2 c 3 d
        var (lowA, lowB) = (Vector256.Shuffle(low, Vector256.Create(0ul, 0, 1, 1)), Vector256.Shuffle(low, Vector256.Create(2ul, 2, 3, 3)));
        var (highA, highB) = (Vector256.Shuffle(high, Vector256.Create(0ul, 0, 1, 1)), Vector256.Shuffle(high, Vector256.Create(2ul, 2, 3, 3)));
        var odd = Vector256.Create(0ul, ulong.MaxValue, 0, ulong.MaxValue);
        one = Vector256.ConditionalSelect(odd, highA, lowA).AsByte();
        other = Vector256.ConditionalSelect(odd, highB, lowB).AsByte();
    }

    /// <summary>Times α in GF(2^128), whose polynomial is x^128 + x^7 + x^2 + x + 1.</summary>
    private static (ulong Low, ulong High) Double(ulong low, ulong high) =>
        ((low << 1) ^ ((ulong)((long)high >> 63) & 0x87), (high << 1) | (low >> 63));

    private static void Mask(ReadOnlySpan<byte> from, ReadOnlySpan<byte> tweaks, Span<byte> to)
    {
        ref var source = ref MemoryMarshal.GetReference(from);
        ref var mask = ref MemoryMarshal.GetReference(tweaks);
        ref var target = ref MemoryMarshal.GetReference(to[..from.Length]);
        nuint i = 0, length = (nuint)from.Length;
        for (; i + 32 <= length; i += 32)
        {
            (Vector256.LoadUnsafe(ref source, i) ^ Vector256.LoadUnsafe(ref mask, i)).StoreUnsafe(ref target, i);
        }

        if (i < length)
        {
            (Vector128.LoadUnsafe(ref source, i) ^ Vector128.LoadUnsafe(ref mask, i)).StoreUnsafe(ref target, i);
        }
    }

    /// <summary>Masks blocks but those that are zeros in <paramref name="encrypted"/>.</summary>
    private static void Unmask(ReadOnlySpan<byte> from, ReadOnlySpan<byte> tweaks, ReadOnlySpan<byte> encrypted, Span<byte> to)
    {
        ref var source = ref MemoryMarshal.GetReference(from);
        ref var mask = ref MemoryMarshal.GetReference(tweaks);
        ref var former = ref MemoryMarshal.GetReference(encrypted);
        ref var target = ref MemoryMarshal.GetReference(to[..encrypted.Length]);
        for (nuint i = 0; i < (nuint)encrypted.Length; i += BlockLength)
        {
            var block = Vector128.LoadUnsafe(ref former, i) == Vector128<byte>.Zero ? Vector128<byte>.Zero
                : Vector128.LoadUnsafe(ref source, i) ^ Vector128.LoadUnsafe(ref mask, i);
            block.StoreUnsafe(ref target, i);
        }
    }
}
