using System.Buffers;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>The data of a handle of the store below, as who has the key sees it: reading, and what all that changes it begins with.</summary>
/// <param name="store">The store.</param>
/// <param name="inner">The handle below.</param>
/// <param name="file">What it has in common with others on the file.</param>
/// <param name="canRead">Whether data may be asked of the handle below.</param>
internal sealed class EncryptedData(EncryptedStore store, IStoreFile inner, SharedFile file, bool canRead) : IDisposable
{
    /// <summary>The most bytes that are copied to be decrypted or encrypted at a time.</summary>
    public const int PieceLength = 256 * 1024;

    private DataView? _view;

    /// <summary>The handle below.</summary>
    public IStoreFile Inner => inner;

    /// <summary>What it has in common with others on the file.</summary>
    public SharedFile File => file;

    /// <summary>The keys of the store.</summary>
    public FileKeyring Keys => store.Keys;

    /// <inheritdoc cref="IStoreFile.ReadAsync"/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.IsEmpty || offset > long.MaxValue - buffer.Length)
        {
            return 0;
        }

        var begun = await EnterAsync(offset, offset + buffer.Length, DataUse.Read, cancellationToken).ConfigureAwait(false);
        if (!begun.Succeeded)
        {
            return begun.Status;
        }

        var (view, turn) = begun.Value;
        using var turnUse = turn;
        if (Refuses(view) is { } refusal)
        {
            return refusal;
        }

        var length = (int)Math.Clamp(view.Length - offset, 0, buffer.Length);
        if (length == 0)
        {
            return 0;
        }

        var whole = (int)EncryptedLayout.Ceiling(length);
        var status = EncryptedLayout.Floor(offset) == offset && whole <= buffer.Length
            ? await ReadBlocksAsync(view.Cipher!, offset, buffer[..whole], cancellationToken).ConfigureAwait(false)
            : await ReadPartsAsync(view.Cipher!, offset, buffer[..length], cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? length : status;
    }

    /// <summary>
    /// Waits for a turn at a range, and sees to it that it is known what lies there. When that is not known yet, or not any more, the turn is at the
    /// whole file, so that it stays known.
    /// </summary>
    /// <param name="begin">The first byte.</param>
    /// <param name="end">The first byte behind it.</param>
    /// <param name="use">What it is for. Where the length may change, the turn goes on to infinity.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<NtResult<(DataView View, RangeTurns.Turn Turn)>> EnterAsync(long begin, long end, DataUse use, CancellationToken cancellationToken) =>
        _view is { } view && IsEnough(view, end, use)
            ? EnterKnownAsync(view, begin, end, use, cancellationToken) : EnterAnewAsync(use, cancellationToken);

    /// <summary>Why data cannot be read or changed; <see langword="null"/>: it can, or there is none yet.</summary>
    public NtStatus? Refuses(DataView view)
    {
        if (view.Cipher is not null || view.IsEmpty)
        {
            return null;
        }

        store.CountUnreadable();
        return NtStatus.FileCorruptError;
    }

    /// <summary>The data is so long now, and all else as it was. Whoever says so has a turn up to infinity.</summary>
    public void Grow(DataView view, long length)
    {
        if (length > view.Length)
        {
            Keep(view with { Growths = file.Grow(), Length = length });
        }
    }

    /// <summary>Reads and decrypts whole blocks that are there; what another program has cut off meanwhile reads as zeros.</summary>
    public async ValueTask<NtStatus> ReadBlocksAsync(FileCipher cipher, long offset, Memory<byte> blocks, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(EncryptedLayout.HeaderLength + offset, blocks, cancellationToken).ConfigureAwait(false);
        if (!read.Succeeded)
        {
            return read.Status;
        }

        blocks.Span[read.Value..].Clear();
        cipher.Decrypt(offset, blocks.Span, blocks.Span);
        return NtStatus.Success;
    }

    /// <summary>What of the file below is told; only one that is shorter than a header has to be looked at for that.</summary>
    public async ValueTask<NtResult<FileMetadata>> ShowAsync(FileMetadata metadata, CancellationToken cancellationToken)
    {
        if (canRead && metadata is { ReparseTag: 0, Length: > 0 and < EncryptedLayout.HeaderLength })
        {
            var begin = new byte[FileKeyring.HeaderLength];
            var read = await inner.ReadAsync(0, begin, cancellationToken).ConfigureAwait(false);
            return read.Succeeded && FileKeyring.IsCutOff(begin.AsSpan(0, read.Value)) ? metadata with { Length = 0 } : metadata;
        }

        return EncryptedLayout.Show(metadata);
    }

    /// <inheritdoc/>
    public void Dispose() => _view?.Cipher?.Dispose();

    /// <summary>Learns what there is. Nobody changes it meanwhile: who calls has a turn at everything.</summary>
    private async ValueTask<NtResult<DataView>> LearnAsync(CancellationToken cancellationToken)
    {
        var (epoch, growths) = (file.Epoch, file.Growths);
        var metadata = await inner.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var header = new byte[FileKeyring.HeaderLength];
        var read = metadata.Value.Length == 0 ? 0 : await inner.ReadAsync(0, header, cancellationToken).ConfigureAwait(false);
        if (!read.Succeeded)
        {
            return read.Status;
        }

        var isShort = metadata.Value.Length < EncryptedLayout.HeaderLength;
        var known = _view?.Cipher;
        var cipher = isShort ? null : known is not null && known.Header.SequenceEqual(header) ? known : store.Keys.Find(header.AsSpan(0, read.Value));
        var isEmpty = isShort && FileKeyring.IsCutOff(header.AsSpan(0, read.Value));
        var view = new DataView(epoch, growths, isEmpty ? 0 : EncryptedLayout.LengthOf(metadata.Value.Length), cipher, isEmpty);
        Keep(view);
        return view;
    }

    private bool IsEnough(DataView view, long end, DataUse use) => use == DataUse.Resize ? view.IsExact(file) : view.Covers(file, end);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<NtResult<(DataView View, RangeTurns.Turn Turn)>> EnterKnownAsync(
        DataView view, long begin, long end, DataUse use, CancellationToken cancellationToken)
    {
        var isOpen = use == DataUse.Resize || (use == DataUse.Write && end > view.Length);
        var turn = await file.Ranges.EnterAsync(
            EncryptedLayout.Floor(isOpen ? Math.Min(begin, view.Length) : begin),
            isOpen || end > long.MaxValue - XtsAes.BlockLength ? long.MaxValue : EncryptedLayout.Ceiling(end),
            use == DataUse.Read,
            cancellationToken).ConfigureAwait(false);
        if (IsEnough(view, end, use))
        {
            return (view, turn);
        }

        turn.Dispose();
        return await EnterAnewAsync(use, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<NtResult<(DataView View, RangeTurns.Turn Turn)>> EnterAnewAsync(DataUse use, CancellationToken cancellationToken)
    {
        var turn = await file.Ranges.EnterAsync(0, long.MaxValue, use == DataUse.Read, cancellationToken).ConfigureAwait(false);
        var isKept = false;
        try
        {
            var learned = await LearnAsync(cancellationToken).ConfigureAwait(false);
            isKept = learned.Succeeded;
            return learned.Succeeded ? (learned.Value, turn) : learned.Status;
        }
        finally
        {
            if (!isKept)
            {
                turn.Dispose();
            }
        }
    }

    private void Keep(DataView view)
    {
        if (Interlocked.Exchange(ref _view, view) is { Cipher: { } former } && former != view.Cipher)
        {
            former.Dispose();
        }
    }

    private async ValueTask<NtStatus> ReadPartsAsync(FileCipher cipher, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var blocks = ArrayPool<byte>.Shared.Rent((int)Math.Min(PieceLength, EncryptedLayout.Ceiling(buffer.Length) + XtsAes.BlockLength));
        try
        {
            while (!buffer.IsEmpty)
            {
                var from = EncryptedLayout.Floor(offset);
                var length = (int)Math.Min(from + PieceLength - offset, buffer.Length);
                var piece = blocks.AsMemory(0, (int)(EncryptedLayout.Ceiling(offset + length) - from));
                var status = await ReadBlocksAsync(cipher, from, piece, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }

                piece.Slice((int)(offset - from), length).CopyTo(buffer);
                buffer = buffer[length..];
                offset += length;
            }

            return NtStatus.Success;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(blocks, clearArray: true);
        }
    }
}
