using System.Buffers;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>Changes encrypted data. Each block is old or new at any moment, and so is whatever a crash leaves.</summary>
internal static class EncryptedWriting
{
    /// <inheritdoc cref="IStoreFile.WriteAsync"/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<NtStatus> WriteAsync(
        EncryptedData data, long offset, ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        var end = offset + bytes.Length;
        var begun = await data.EnterAsync(offset, end, DataUse.Write, cancellationToken).ConfigureAwait(false);
        if (!begun.Succeeded)
        {
            return begun.Status;
        }

        var (view, turn) = begun.Value;
        using var turnUse = turn;
        if (data.Refuses(view) is { } refusal)
        {
            return refusal;
        }

        if (view.IsEmpty)
        {
            return await WriteFirstAsync(data, offset, bytes, cancellationToken).ConfigureAwait(false);
        }

        if (end <= view.Length)
        {
            return await WritePiecesAsync(data, view, offset, bytes, cancellationToken).ConfigureAwait(false);
        }

        var isKnown = false;
        try
        {
            var status = await WritePiecesAsync(data, view, offset, bytes, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success && EncryptedLayout.OuterLengthOf(end) < EncryptedLayout.OuterLengthOf(view.Length))
            {
                // The last block has become whole: the zeros that said how much of it there was go.
                status = await data.Inner.SetLengthAsync(EncryptedLayout.OuterLengthOf(end), cancellationToken).ConfigureAwait(false);
            }

            isKnown = status == NtStatus.Success;
            return status;
        }
        finally
        {
            if (isKnown)
            {
                data.Grow(view, end);
            }
            else
            {
                data.File.Renew();
            }
        }
    }

    /// <inheritdoc cref="IStoreFile.SetLengthAsync"/>
    public static async ValueTask<NtStatus> SetLengthAsync(EncryptedData data, long length, CancellationToken cancellationToken)
    {
        var begun = await data.EnterAsync(length, length, DataUse.Resize, cancellationToken).ConfigureAwait(false);
        if (!begun.Succeeded)
        {
            return begun.Status;
        }

        var (view, turn) = begun.Value;
        using var turnUse = turn;

        // Of a file that cannot be read nothing is kept either, which makes it one that can.
        if (length > 0 && data.Refuses(view) is { } refusal)
        {
            return refusal;
        }

        try
        {
            if (length > 0 && view.IsEmpty)
            {
                var status = await WriteHeaderAsync(data, data.Keys.New(), cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }
            else if (length > 0 && length < view.Length && EncryptedLayout.FillOf(length) > 0)
            {
                return await CutInBlockAsync(data, view, length, cancellationToken).ConfigureAwait(false);
            }

            return await data.Inner.SetLengthAsync(EncryptedLayout.OuterLengthOf(length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            data.File.Renew();
        }
    }

    /// <inheritdoc cref="ISparseFile.ZeroAsync"/>
    public static async ValueTask<NtStatus> ZeroAsync(EncryptedData data, long offset, long length, CancellationToken cancellationToken)
    {
        var begun = await data.EnterAsync(offset, offset + length, DataUse.Resize, cancellationToken).ConfigureAwait(false);
        if (!begun.Succeeded)
        {
            return begun.Status;
        }

        var (view, turn) = begun.Value;
        using var turnUse = turn;
        if (data.Refuses(view) is { } refusal)
        {
            return refusal;
        }

        var end = Math.Min(offset + length, view.Length);
        var (first, last) = WholeBlocks(view, offset, end);
        if (first >= last)
        {
            return offset < end ? await WriteZerosAsync(data, view, offset, end, cancellationToken).ConfigureAwait(false) : NtStatus.Success;
        }

        var status = await ((ISparseFile)data.Inner).ZeroAsync(
            EncryptedLayout.HeaderLength + first, last - first, cancellationToken).ConfigureAwait(false);
        status = status == NtStatus.Success && offset < first
            ? await WriteZerosAsync(data, view, offset, first, cancellationToken).ConfigureAwait(false) : status;
        return status == NtStatus.Success && last < end
            ? await WriteZerosAsync(data, view, last, end, cancellationToken).ConfigureAwait(false) : status;
    }

    /// <inheritdoc cref="ISparseFile.TrimAsync"/>
    public static async ValueTask<NtStatus> TrimAsync(EncryptedData data, long offset, long length, CancellationToken cancellationToken)
    {
        var begun = await data.EnterAsync(offset, offset + length, DataUse.Resize, cancellationToken).ConfigureAwait(false);
        if (!begun.Succeeded)
        {
            return begun.Status;
        }

        var (view, turn) = begun.Value;
        using var turnUse = turn;
        if (data.Refuses(view) is { } refusal)
        {
            return refusal;
        }

        var (first, last) = WholeBlocks(view, offset, Math.Min(offset + length, view.Length));
        return first >= last ? NtStatus.Success
            : await ((ISparseFile)data.Inner).TrimAsync(EncryptedLayout.HeaderLength + first, last - first, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The blocks of which nothing is left outside a range; the last one of the data need not be whole for that.</summary>
    private static (long First, long Last) WholeBlocks(DataView view, long begin, long end) =>
        (EncryptedLayout.Ceiling(begin), end == view.Length ? EncryptedLayout.Ceiling(end) : EncryptedLayout.Floor(end));

    /// <summary>Writes the first data of a file, with a header in front of it.</summary>
    private static async ValueTask<NtStatus> WriteFirstAsync(
        EncryptedData data, long offset, ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        using var cipher = data.Keys.New();
        try
        {
            var status = await WriteHeaderAsync(data, cipher, cancellationToken).ConfigureAwait(false);
            return status != NtStatus.Success ? status
                : await WritePiecesAsync(data, new DataView(0, 0, 0, cipher, IsEmpty: false), offset, bytes, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            data.File.Renew();
        }
    }

    /// <summary>Writes the header, which is one sector: until it is there, and when it is cut off, the file is one without data.</summary>
    private static async ValueTask<NtStatus> WriteHeaderAsync(EncryptedData data, FileCipher cipher, CancellationToken cancellationToken)
    {
        var header = new byte[EncryptedLayout.HeaderLength];
        cipher.Header.CopyTo(header);
        return await data.Inner.WriteAsync(0, new ReadOnlySequence<byte>(header), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Cuts data within a block. The file below is first cut behind that block, which is longer data for a moment, and never a block that is neither old
    /// nor new.
    /// </summary>
    private static async ValueTask<NtStatus> CutInBlockAsync(EncryptedData data, DataView view, long length, CancellationToken cancellationToken)
    {
        var block = new byte[XtsAes.BlockLength + EncryptedLayout.FillOf(length)];
        var place = EncryptedLayout.Floor(length);
        var status = await ReadBlockAsync(data, view.Cipher!, length, place, block, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            view.Cipher!.Encrypt(place, block.AsSpan(0, XtsAes.BlockLength), block);
            status = await data.Inner.SetLengthAsync(
                EncryptedLayout.HeaderLength + place + XtsAes.BlockLength, cancellationToken).ConfigureAwait(false);
        }

        return status != NtStatus.Success ? status
            : await data.Inner.WriteAsync(
                EncryptedLayout.HeaderLength + place, new ReadOnlySequence<byte>(block), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes zeros to a part of a block.</summary>
    private static ValueTask<NtStatus> WriteZerosAsync(
        EncryptedData data, DataView view, long begin, long end, CancellationToken cancellationToken) =>
        WritePiecesAsync(data, view, begin, new ReadOnlySequence<byte>(new byte[end - begin]), cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<NtStatus> WritePiecesAsync(
        EncryptedData data, DataView view, long offset, ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var length = Math.Min(EncryptedLayout.Floor(offset) + EncryptedData.PieceLength - offset, bytes.Length);
            var status = await WritePieceAsync(data, view, offset, bytes.Slice(0, length), length == bytes.Length, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            bytes = bytes.Slice(length);
            offset += length;
        }

        return NtStatus.Success;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<NtStatus> WritePieceAsync(
        EncryptedData data, DataView view, long offset, ReadOnlySequence<byte> bytes, bool isLast, CancellationToken cancellationToken)
    {
        var end = offset + bytes.Length;
        var begin = EncryptedLayout.Floor(offset);
        var length = (int)(EncryptedLayout.Ceiling(end) - begin);
        var fill = isLast && end > view.Length ? EncryptedLayout.FillOf(end) : 0;

        // Where nothing becomes longer here, others may have made it so since the length was learned.
        var known = end > view.Length ? view.Length : long.MaxValue;
        var rented = ArrayPool<byte>.Shared.Rent(length + fill);
        try
        {
            // Of the first and the last block a part may stay.
            var status = NtStatus.Success;
            var tail = EncryptedLayout.Floor(end);
            if (begin < offset)
            {
                status = await ReadBlockAsync(data, view.Cipher!, known, begin, rented.AsMemory(0, XtsAes.BlockLength), cancellationToken).ConfigureAwait(false);
            }

            if (tail < end && (tail > begin || begin == offset) && status == NtStatus.Success)
            {
                status = await ReadBlockAsync(
                    data, view.Cipher!, known, tail, rented.AsMemory((int)(tail - begin), XtsAes.BlockLength), cancellationToken).ConfigureAwait(false);
            }

            if (status != NtStatus.Success)
            {
                return status;
            }

            Encrypt(view.Cipher!, begin, (int)(offset - begin), bytes, rented.AsSpan(0, length));
            rented.AsSpan(length, fill).Clear();
            return await data.Inner.WriteAsync(
                EncryptedLayout.HeaderLength + begin, new ReadOnlySequence<byte>(rented, 0, length + fill), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Encrypts blocks with <paramref name="bytes"/> in them.</summary>
    private static void Encrypt(FileCipher cipher, long begin, int skipped, ReadOnlySequence<byte> bytes, Span<byte> blocks)
    {
        if (bytes.IsSingleSegment && bytes.Length == blocks.Length)
        {
            cipher.Encrypt(begin, bytes.FirstSpan, blocks);
            return;
        }

        bytes.CopyTo(blocks[skipped..]);
        cipher.Encrypt(begin, blocks, blocks);
    }

    /// <summary>Reads a block of which a part stays; behind the end of the data there are zeros, whatever is in the file.</summary>
    private static async ValueTask<NtStatus> ReadBlockAsync(
        EncryptedData data, FileCipher cipher, long dataLength, long place, Memory<byte> block, CancellationToken cancellationToken)
    {
        var length = (int)Math.Clamp(dataLength - place, 0, XtsAes.BlockLength);
        block.Span[length..].Clear();
        if (length == 0)
        {
            return NtStatus.Success;
        }

        var status = await data.ReadBlocksAsync(cipher, place, block[..XtsAes.BlockLength], cancellationToken).ConfigureAwait(false);
        block.Span[length..].Clear();
        return status;
    }
}
