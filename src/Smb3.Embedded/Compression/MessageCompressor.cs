using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>Compresses a message as its plan says (MS-SMB2 3.1.4.4).</summary>
internal static class MessageCompressor
{
    /// <summary>Compresses a message.</summary>
    /// <param name="plan">How.</param>
    /// <param name="codecs">Where the memory to work in comes from.</param>
    /// <param name="message">The message.</param>
    /// <param name="target">Where it goes: <see cref="CompressionPlan.Room"/> bytes.</param>
    /// <returns>Bytes written; 0: it would not be shorter.</returns>
    public static int TryCompress(in CompressionPlan plan, CodecPool codecs, ReadOnlyMemory<byte> message, Memory<byte> target)
    {
        var written = !plan.IsChained ? WriteUnchained(plan, codecs, message.Span, target.Span[..plan.MostWritten])
            : plan.IsCut ? WritePieces(plan, codecs, message, target)
            : WriteChain(plan, codecs, message.Span, target.Span[..plan.MostWritten]);
        return written <= plan.MostWritten ? written : 0;
    }

    private static int WriteUnchained(in CompressionPlan plan, CodecPool codecs, ReadOnlySpan<byte> message, Span<byte> target)
    {
        var data = message[plan.Leading..];
        var begin = CompressionTransformHeader.Size + plan.Leading;
        var written = plan.Codec is { } codec ? codecs.Compress(codec, data, target[begin..]) : 0;
        if (written == 0)
        {
            return 0;
        }

        CompressionTransformHeader.WriteUnchained(target, (uint)data.Length, plan.Codec!.Value, (uint)plan.Leading);
        message[..plan.Leading].CopyTo(target[CompressionTransformHeader.Size..]);
        return begin + written;
    }

    private static int WriteChain(in CompressionPlan plan, CodecPool codecs, ReadOnlySpan<byte> message, Span<byte> target)
    {
        var middle = message[plan.Middle];
        var chain = Begin(message.Length, target);
        return chain.TryAdd(message[..plan.Leading])
            && chain.TryAddRun(message[plan.Leading], plan.Front)
            && ((plan.Codec is { } codec && chain.TryAddCompressed(codecs, codec, middle)) || chain.TryAdd(middle))
            && chain.TryAddRun(message[^1], plan.Back)
            ? chain.Written
            : 0;
    }

    private static int WritePieces(in CompressionPlan plan, CodecPool codecs, ReadOnlyMemory<byte> message, Memory<byte> target)
    {
        var bytes = message.Span;
        var chain = Begin(bytes.Length, target.Span);
        if (!chain.TryAdd(bytes[..plan.Leading]) || !chain.TryAddRun(bytes[plan.Leading], plan.Front))
        {
            return 0;
        }

        PieceCompressor.Compress(codecs, plan.Codec!.Value, message[plan.Middle], target, ref chain);
        return chain.TryAddRun(bytes[^1], plan.Back) ? chain.Written : 0;
    }

    private static PayloadWriter Begin(int length, Span<byte> target)
    {
        CompressionTransformHeader.WriteChained(target, (uint)length);
        return new PayloadWriter(target, CompressionTransformHeader.ChainedSize);
    }
}
