using System.Security.Cryptography;
using Smb3.Embedded.Storage.Objects.Spooling;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// Data as it is put, encrypted while it is read. Whoever reads a part again gets the same bytes: what is put in pieces is put again where one was lost.
/// </summary>
/// <param name="sealedObject">What it becomes.</param>
/// <param name="content">The data, which is left open.</param>
internal sealed class SealingStream(SealedObject sealedObject, Stream content) : RangeStream(sealedObject.SealedLength)
{
    private readonly AesGcm _cipher = sealedObject.Cipher();
    private readonly byte[] _data = new byte[SealedObject.ChunkLength];
    private readonly byte[] _sealed = new byte[SealedObject.SealedChunkLength];
    private long _chunk = -1;

    protected override async ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (offset < SealedObject.HeaderLength)
        {
            return Take(sealedObject.Header[(int)offset..], buffer);
        }

        var chunk = (offset - SealedObject.HeaderLength) / SealedObject.SealedChunkLength;
        var length = sealedObject.LengthOfChunk(chunk);
        if (chunk != _chunk)
        {
            _chunk = -1;
            content.Position = chunk * SealedObject.ChunkLength;
            await content.ReadExactlyAsync(_data.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            sealedObject.Seal(_cipher, chunk, _data.AsSpan(0, length), _sealed);
            _chunk = chunk;
        }

        return Take(_sealed.AsMemory(0, length + SealedObject.TagLength)[(int)(offset - SealedObject.PlaceOf(chunk))..], buffer);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cipher.Dispose();
        }

        base.Dispose(disposing);
    }

    private static int Take(ReadOnlyMemory<byte> from, Memory<byte> buffer)
    {
        var count = Math.Min(from.Length, buffer.Length);
        from[..count].CopyTo(buffer);
        return count;
    }
}
