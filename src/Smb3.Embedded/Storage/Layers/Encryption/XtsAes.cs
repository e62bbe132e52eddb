using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
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

    private static void FillTweaks(ReadOnlySpan<byte> first, int skipped, Span<byte> tweaks)
    {
        var low = BinaryPrimitives.ReadUInt64LittleEndian(first);
        var high = BinaryPrimitives.ReadUInt64LittleEndian(first[sizeof(ulong)..]);
        for (; skipped > 0; skipped--)
        {
            (low, high) = Double(low, high);
        }

        // Two chains of every second tweak, so that the processor need not wait for the one before.
        var (otherLow, otherHigh) = Double(low, high);
        var blocks = MemoryMarshal.Cast<byte, ulong>(tweaks);
        var i = 0;
        for (; i + 4 <= blocks.Length; i += 4)
        {
            blocks[i] = LittleEndian(low);
            blocks[i + 1] = LittleEndian(high);
            blocks[i + 2] = LittleEndian(otherLow);
            blocks[i + 3] = LittleEndian(otherHigh);
            (low, high) = Quadruple(low, high);
            (otherLow, otherHigh) = Quadruple(otherLow, otherHigh);
        }

        if (i < blocks.Length)
        {
            blocks[i] = LittleEndian(low);
            blocks[i + 1] = LittleEndian(high);
        }
    }

    private static ulong LittleEndian(ulong value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    /// <summary>Times α in GF(2^128), whose polynomial is x^128 + x^7 + x^2 + x + 1.</summary>
    private static (ulong Low, ulong High) Double(ulong low, ulong high) =>
        ((low << 1) ^ ((ulong)((long)high >> 63) & 0x87), (high << 1) | (low >> 63));

    private static (ulong Low, ulong High) Quadruple(ulong low, ulong high)
    {
        var over = high >> 62;
        return ((low << 2) ^ over ^ (over << 1) ^ (over << 2) ^ (over << 7), (high << 2) | (low >> 62));
    }

    private static void Mask(ReadOnlySpan<byte> from, ReadOnlySpan<byte> tweaks, Span<byte> to)
    {
        var i = 0;
        for (; i + Vector<byte>.Count <= from.Length; i += Vector<byte>.Count)
        {
            (new Vector<byte>(from[i..]) ^ new Vector<byte>(tweaks[i..])).CopyTo(to[i..]);
        }

        for (; i < from.Length; i += BlockLength)
        {
            (Vector128.Create(from[i..]) ^ Vector128.Create(tweaks[i..])).CopyTo(to[i..]);
        }
    }

    /// <summary>Masks blocks but those that are zeros in <paramref name="encrypted"/>.</summary>
    private static void Unmask(ReadOnlySpan<byte> from, ReadOnlySpan<byte> tweaks, ReadOnlySpan<byte> encrypted, Span<byte> to)
    {
        for (var i = 0; i < encrypted.Length; i += BlockLength)
        {
            var block = Vector128.Create(from[i..]) ^ Vector128.Create(tweaks[i..]);
            (Vector128.Create(encrypted[i..]) == Vector128<byte>.Zero ? Vector128<byte>.Zero : block).CopyTo(to[i..]);
        }
    }
}
