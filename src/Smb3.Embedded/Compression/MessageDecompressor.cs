using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>
/// A compressed message (MS-SMB2 3.3.5.2.13 and 3.1.5.3). Its size is told, and checked, before any memory is taken for it; whatever is wrong with
/// it ends the connection.
/// </summary>
internal static class MessageDecompressor
{
    /// <summary>Reads how long the message will be.</summary>
    /// <param name="received">What was received, from the transform header on.</param>
    /// <param name="agreement">What was agreed.</param>
    /// <param name="most">The longest message that is taken.</param>
    /// <param name="size">Its length.</param>
    /// <returns>False: it is longer, or not of the kind that was agreed.</returns>
    public static bool TryReadSize(ReadOnlySpan<byte> received, CompressionAgreement agreement, int most, out int size)
    {
        size = 0;
        if (!CompressionTransformHeader.TryParse(received, out var header))
        {
            return false;
        }

        var isAgreed = header.IsChained ? agreement.IsChained : header.Flags == CompressionTransformHeader.UnchainedFlag
            && CompressionCodec.Has(header.Algorithm) && agreement.Allows(header.Algorithm);
        var total = header.OriginalCompressedSegmentSize + (header.IsChained ? 0L : header.Offset);
        if (!isAgreed || total > most)
        {
            return false;
        }

        size = (int)total;
        return true;
    }

    /// <summary>Decompresses the message.</summary>
    /// <param name="received">What was received, from the transform header on.</param>
    /// <param name="agreement">What was agreed.</param>
    /// <param name="codecs">Where the memory to work in comes from.</param>
    /// <param name="message">Exactly as long as <see cref="TryReadSize"/> said.</param>
    /// <returns>False: it is not what it says that it is.</returns>
    public static bool TryDecompress(
        ReadOnlySpan<byte> received, CompressionAgreement agreement, CodecPool codecs, Span<byte> message)
    {
        if (!CompressionTransformHeader.TryParse(received, out var header))
        {
            return false;
        }

        if (header.IsChained)
        {
            return TryDecompressChain(received[CompressionTransformHeader.ChainedSize..], agreement, codecs, message);
        }

        var rest = received[CompressionTransformHeader.Size..];
        rest[..header.Offset].CopyTo(message);
        return codecs.TryDecompress(header.Algorithm, rest[header.Offset..], message[header.Offset..]);
    }

    private static bool TryDecompressChain(
        ReadOnlySpan<byte> chain, CompressionAgreement agreement, CodecPool codecs, Span<byte> message)
    {
        while (!chain.IsEmpty)
        {
            if (!CompressionPayloadHeader.TryParse(chain, out var payload, out chain) || payload.OriginalSize > message.Length)
            {
                return false;
            }

            var target = message[..(int)payload.OriginalSize];
            message = message[target.Length..];
            switch (payload.Algorithm)
            {
                case Smb2CompressionAlgorithm.None:
                    payload.Payload.CopyTo(target);
                    break;

                case Smb2CompressionAlgorithm.PatternV1 when agreement.HasPatterns:
                    target.Fill(payload.Pattern);
                    break;

                case var algorithm when CompressionCodec.Has(algorithm) && agreement.Allows(algorithm)
                    && codecs.TryDecompress(algorithm, payload.Payload, target):
                    break;

                default:
                    return false;
            }
        }

        return message.IsEmpty;
    }
}
