using System.IO.Pipelines;
using System.Net;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.DirectTcp;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What leaves together and what does not, and that everything leaves in order.</summary>
public sealed class OutgoingQueueTests
{
    private readonly RecordingWriter _output = new();
    private readonly ResponseBufferPool _buffers;
    private readonly OutgoingQueue _queue;
    private int _sent;

    public OutgoingQueueTests()
    {
        var transport = new DirectTcpTransport(new RecordingStream(_output), new BufferPool());
        _buffers = new ResponseBufferPool(transport.Buffers, transport.Headroom);
        _queue = new OutgoingQueue(transport, _buffers, bytes => _sent += bytes, _ => { }, () => { });
    }

    [Fact]
    public void A_frame_leaves_at_once_when_nothing_is_held()
    {
        Send(1, 100);
        Send(2, 100);
        Assert.Equal([104, 104], _output.Lengths);
    }

    [Fact]
    public async Task Small_frames_that_are_held_leave_together_and_in_order()
    {
        _queue.Hold();
        Send(1, 100);
        Send(2, 200);
        Send(3, 300);
        Assert.Empty(_output.Lengths);
        Assert.False(_queue.WhenIdleAsync().IsCompleted);
        _queue.Release();
        await _queue.WhenIdleAsync();
        Assert.Equal([104 + 204 + 304], _output.Lengths);
        Assert.Equal(104 + 204 + 304, _sent);
        Assert.Equal([1, 2, 3], [_output.Bytes[4], _output.Bytes[108], _output.Bytes[312]]);
        Send(4, 100);
        Assert.Equal(2, _output.Lengths.Count);
    }

    [Fact]
    public void A_large_frame_takes_along_what_is_held_before_it()
    {
        _queue.Hold();
        Send(1, 100);
        Send(2, 100_000);
        Assert.Equal([104, 100_004], _output.Lengths);
    }

    [Fact]
    public void Only_so_many_are_held()
    {
        _queue.Hold();
        for (byte i = 0; i < 100; i++)
        {
            Send(i, 100);
        }

        Assert.InRange(_output.Lengths.Count, 4, 50);
        _queue.Release();
        Assert.Equal(100 * 104, _output.Lengths.Sum());
    }

    [Fact]
    public void What_is_held_when_the_queue_closes_is_dropped()
    {
        _queue.Hold();
        Send(1, 100);
        _queue.Close();
        _queue.Release();
        Assert.True(_queue.WhenIdleAsync().IsCompleted);
        Assert.Empty(_output.Lengths);
    }

    private void Send(byte mark, int length)
    {
        var frame = _buffers.Rent();
        frame.Append(length).Span.Fill(mark);
        _queue.Send(frame);
    }

    private sealed class RecordingStream(PipeWriter output) : IByteStream
    {
        public EndPoint LocalEndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 445);

        public EndPoint RemoteEndPoint => LocalEndPoint;

        public long? BytesAcknowledged => null;

        public bool HasPeerClosed => false;

        public PipeReader Input { get; } = PipeReader.Create(Stream.Null);

        public PipeWriter Output => output;

        public void Abort(bool reset = false)
        {
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class RecordingWriter : PipeWriter
    {
        public List<int> Lengths { get; } = [];

        public List<byte> Bytes { get; } = [];

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            Lengths.Add(source.Length);
            Bytes.AddRange(source.Span);
            return default;
        }

        public override void Advance(int bytes) => throw new NotSupportedException();

        public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();

        public override void CancelPendingFlush() => throw new NotSupportedException();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
