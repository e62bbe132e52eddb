using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;

namespace Smb3.Embedded.Transport.DirectTcp;

/// <summary>
/// Direct TCP (MS-SMB2 2.1): messages in a byte stream, each behind four bytes that give its length.
/// </summary>
/// <remarks>
/// Messages that are sent together are copied into one buffer: handing a few hundred bytes to a socket costs far more than copying them. A
/// single message is sent from where it lies.
/// </remarks>
internal sealed class DirectTcpTransport : IMessageTransport
{
    private readonly IByteStream _stream;
    private readonly FrameReader _reader;

    public DirectTcpTransport(IByteStream stream, BufferPool buffers)
    {
        _stream = stream;
        Buffers = buffers;
        _reader = new FrameReader(stream.Input, buffers);
    }

    public EndPoint LocalEndPoint => _stream.LocalEndPoint;

    public EndPoint RemoteEndPoint => _stream.RemoteEndPoint;

    public BufferPool Buffers { get; }

    public IRemoteMemory? RemoteMemory => null;

    public int Headroom => FrameReader.HeaderSize;

    public int LargestMessage => FrameReader.LargestFrame;

    public bool HasNext => _reader.HasNext;

    public long? BytesAcknowledged => _stream.BytesAcknowledged;

    public bool HasPeerClosed => _stream.HasPeerClosed;

    public ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(
        Func<int> longest, CancellationToken cancellationToken) => _reader.ReadAsync(longest, cancellationToken);

    public ValueTask<bool> SendAsync(IReadOnlyList<OutboundFrame> frames)
    {
        if (frames.Count == 1)
        {
            WriteHeader(frames[0].Bytes);
            return WriteAsync(frames[0].Bytes);
        }

        return SendTogetherAsync(frames);
    }

    public void Abort(bool reset = false) => _stream.Abort(reset);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static void WriteHeader(Memory<byte> message)
    {
        var length = message.Length - FrameReader.HeaderSize;
        Debug.Assert(length <= FrameReader.LargestFrame, "A length has 24 bits.");
        BinaryPrimitives.WriteUInt32BigEndian(message.Span, (uint)length);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendTogetherAsync(IReadOnlyList<OutboundFrame> frames)
    {
        var length = 0;
        for (var i = 0; i < frames.Count; i++)
        {
            length += frames[i].Bytes.Length;
        }

        var gathered = ArrayPool<byte>.Shared.Rent(length);
        length = 0;
        for (var i = 0; i < frames.Count; i++)
        {
            WriteHeader(frames[i].Bytes);
            frames[i].Bytes.Span.CopyTo(gathered.AsSpan(length));
            length += frames[i].Bytes.Length;
        }

        try
        {
            return await WriteAsync(gathered.AsMemory(0, length)).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(gathered);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        var result = await _stream.Output.WriteAsync(bytes).ConfigureAwait(false);
        return !result.IsCompleted && !result.IsCanceled;
    }
}
