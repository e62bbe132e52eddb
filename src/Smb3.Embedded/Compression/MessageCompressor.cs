using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>
/// Compresses a message (MS-SMB2 3.1.4.4). Its beginning, which is no data, stays as it is. Where messages are chained, the runs of one byte at
/// both ends of the data are told as such, and what is between them is compressed; else all of it is.
/// </summary>
internal static class MessageCompressor
{
    /// <summary>The shortest run of one byte that is told as such (MS-SMB2 3.1.4.4).</summary>
    private const int LeastRun = 32;

    /// <summary>What is not shorter by this part is sent as it is: the receiver has work with it.</summary>
    private const int LeastGain = 16;

    /// <summary>Compresses a message.</summary>
    /// <param name="agreement">What was agreed.</param>
    /// <param name="message">The message.</param>
    /// <param name="leading">How much of its beginning is no data.</param>
    /// <param name="target">Where it goes; as long as the message.</param>
    /// <returns>Bytes written; 0: it would not be shorter.</returns>
    public static int TryCompress(CompressionAgreement agreement, ReadOnlySpan<byte> message, int leading, Span<byte> target)
    {
        if (message.Length - leading < CompressionSample.LeastData)
        {
            return 0;
        }

        target = target[..(message.Length - (message.Length / LeastGain))];
        return agreement.IsChained
            ? WriteChain(agreement, message, leading, target)
            : agreement.Codec is { } codec ? WriteUnchained(codec, message, leading, target) : 0;
    }

    /// <summary>Whether a message of this kind is worth trying, from a look at a little of it.</summary>
    /// <param name="agreement">What was agreed.</param>
    /// <param name="message">The message.</param>
    /// <param name="leading">How much of its beginning is no data.</param>
    public static bool MayGain(CompressionAgreement agreement, ReadOnlySpan<byte> message, int leading) =>
        message.Length - leading >= CompressionSample.LeastData
        && ((agreement.Codec is not null && CompressionSample.MayGain(message[leading..]))
            || (agreement.HasPatterns && RunsOf(message[leading..]) is var (front, back) && front + back >= message.Length / LeastGain));

    private static int WriteUnchained(Smb2CompressionAlgorithm codec, ReadOnlySpan<byte> message, int leading, Span<byte> target)
    {
        var data = message[leading..];
        var begin = CompressionTransformHeader.Size + leading;
        var written = CompressionCodec.OfThread.Compress(codec, data, target[begin..]);
        if (written == 0)
        {
            return 0;
        }

        CompressionTransformHeader.WriteUnchained(target, (uint)data.Length, codec, (uint)leading);
        message[..leading].CopyTo(target[CompressionTransformHeader.Size..]);
        return begin + written;
    }

    private static int WriteChain(CompressionAgreement agreement, ReadOnlySpan<byte> message, int leading, Span<byte> target)
    {
        var data = message[leading..];
        var (front, back) = agreement.HasPatterns ? RunsOf(data) : default;
        var middle = data[front..^back];
        CompressionTransformHeader.WriteChained(target, (uint)message.Length);
        var chain = new PayloadWriter(target, CompressionTransformHeader.ChainedSize);
        return chain.TryAdd(message[..leading])
            && chain.TryAddRun(data.IsEmpty ? (byte)0 : data[0], front)
            && (chain.TryAddCompressed(agreement.Codec, middle) || chain.TryAdd(middle))
            && chain.TryAddRun(data.IsEmpty ? (byte)0 : data[^1], back)
            ? chain.Written
            : 0;
    }

    /// <summary>How long the runs of one byte at both ends are; 0 where one is too short to tell.</summary>
    private static (int Front, int Back) RunsOf(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return default;
        }

        var other = data.IndexOfAnyExcept(data[0]);
        if (other < 0)
        {
            return data.Length < LeastRun ? default : (data.Length, 0);
        }

        var front = other < LeastRun ? 0 : other;
        var back = data.Length - 1 - data.LastIndexOfAnyExcept(data[^1]);
        return (front, back < LeastRun ? 0 : back);
    }

    /// <summary>Puts one payload behind the other; what does not fit is not written.</summary>
    private ref struct PayloadWriter(Span<byte> target, int at)
    {
        private const int LongestHeader = CompressionPayloadHeader.Size + CompressionPayloadHeader.OriginalSizeSize;

        private readonly Span<byte> _target = target;
        private bool _hasFirst;

        public int Written { get; private set; } = at;

        private readonly Span<byte> Rest => _target[Written..];

        public bool TryAdd(ReadOnlySpan<byte> bytes)
        {
            if (bytes.IsEmpty)
            {
                return true;
            }

            if (Rest.Length < CompressionPayloadHeader.Size + bytes.Length)
            {
                return false;
            }

            bytes.CopyTo(Rest[CompressionPayloadHeader.Size..]);
            Add(Smb2CompressionAlgorithm.None, bytes.Length, (uint)bytes.Length);
            return true;
        }

        public bool TryAddRun(byte value, int length)
        {
            if (length == 0)
            {
                return true;
            }

            if (Rest.Length < CompressionPayloadHeader.Size + CompressionPayloadHeader.PatternSize)
            {
                return false;
            }

            var pattern = Rest.Slice(CompressionPayloadHeader.Size, CompressionPayloadHeader.PatternSize);
            pattern.Clear();
            pattern[0] = value;
            pattern.Put(4, (uint)length);
            Add(Smb2CompressionAlgorithm.PatternV1, pattern.Length, (uint)length);
            return true;
        }

        public bool TryAddCompressed(Smb2CompressionAlgorithm? codec, ReadOnlySpan<byte> bytes)
        {
            if (codec is not { } algorithm || bytes.Length < CompressionSample.LeastData || Rest.Length <= LongestHeader)
            {
                return false;
            }

            var room = Rest[LongestHeader..];
            var written = CompressionCodec.OfThread.Compress(algorithm, bytes, room[..Math.Min(room.Length, bytes.Length)]);
            if (written == 0)
            {
                return false;
            }

            Add(algorithm, written, (uint)bytes.Length);
            return true;
        }

        private void Add(Smb2CompressionAlgorithm algorithm, int payload, uint original)
        {
            Written += CompressionPayloadHeader.Write(Rest, algorithm, !_hasFirst, payload, original) + payload;
            _hasFirst = true;
        }
    }
}
