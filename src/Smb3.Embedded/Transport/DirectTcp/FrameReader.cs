using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Smb3.Embedded.Transport.DirectTcp;

/// <summary>
/// Cuts the byte stream into frames: one zero byte, then the length in 24 bits, big-endian (MS-SMB2 2.1). The length is checked
/// against the limit that holds at that moment before anything is buffered for it.
/// </summary>
internal sealed class FrameReader
{
    /// <summary>Bytes of the Direct TCP header.</summary>
    public const int HeaderSize = 4;

    /// <summary>The longest frame: its length has 24 bits.</summary>
    public const int LargestFrame = (1 << 24) - 1;

    /// <summary>Room for a frame of which little has arrived.</summary>
    private const int LeastRoom = 4096;

    /// <summary>The most that is set aside for a frame because the previous one was as long and arrived whole.</summary>
    private const int MostTrust = (1 << 20) + LeastRoom;

    private readonly PipeReader _input;
    private readonly BufferPool _buffers;
    private readonly IDirectInput? _direct;
    private int _trust;
    private Frame? _spare;

    /// <param name="input">The bytes.</param>
    /// <param name="buffers">Where the frames' buffers come from.</param>
    public FrameReader(PipeReader input, BufferPool buffers)
    {
        _input = input;
        _buffers = buffers;
        _direct = input as IDirectInput;
    }

    /// <summary>Whether the frame after the last one has already arrived whole.</summary>
    public bool HasNext { get; private set; }

    /// <summary>Reads the next frame; see <see cref="IMessageTransport.ReceiveAsync"/>.</summary>
    /// <param name="longest">The longest frame that is accepted; called when a frame has begun.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReadAsync(
        Func<int> longest, CancellationToken cancellationToken)
    {
        ReadResult result;
        while (true)
        {
            result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCanceled)
            {
                _input.AdvanceTo(result.Buffer.Start);
                return (ReceiveOutcome.Ended, null);
            }

            if (result.Buffer.Length >= HeaderSize)
            {
                break;
            }

            _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                return (ReceiveOutcome.Ended, null);
            }
        }

        var header = ReadHeader(result.Buffer);
        if (header >> 24 != 0)
        {
            return (ReceiveOutcome.Malformed, null);
        }

        var length = (int)header;
        if (length > longest())
        {
            return (ReceiveOutcome.TooLong, null);
        }

        var body = result.Buffer.Slice(HeaderSize);
        var filled = (int)Math.Min(body.Length, length);
        var frame = Rent(length, Math.Max(filled, Math.Max(_trust, LeastRoom)));
        try
        {
            var taken = body.Slice(0, filled);
            taken.CopyTo(frame.Room(0).Span);
            HasNext = IsWhole(body.Slice(filled));
            _input.AdvanceTo(taken.End);

            while (filled < length)
            {
                var count = _direct is not null
                    ? await _direct.ReceiveAsync(frame.Room(filled), cancellationToken).ConfigureAwait(false)
                    : await CopyNextAsync(frame.Room(filled), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    frame.Dispose();
                    return (ReceiveOutcome.Ended, null);
                }

                filled += count;
            }

            _trust = Math.Min(length, MostTrust);
            return (ReceiveOutcome.Message, frame);
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>Takes back a frame whose buffer is gone; one is kept, which is all that a peer needs if it waits for its answers.</summary>
    internal void Return(Frame frame) => Volatile.Write(ref _spare, frame);

    private Frame Rent(int length, int room)
    {
        var frame = Interlocked.Exchange(ref _spare, null) ?? new Frame(this, _buffers);
        frame.Begin(length, room);
        return frame;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> CopyNextAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        var result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, destination.Length));
        part.CopyTo(destination.Span);

        // Counted before the pipe takes its segments back: they lose their positions then.
        var count = (int)part.Length;
        _input.AdvanceTo(part.End);
        return count;
    }

    private static bool IsWhole(ReadOnlySequence<byte> rest) => rest.Length >= HeaderSize && rest.Length - HeaderSize >= ReadHeader(rest);

    private static uint ReadHeader(ReadOnlySequence<byte> buffer)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        buffer.Slice(0, HeaderSize).CopyTo(header);
        return BinaryPrimitives.ReadUInt32BigEndian(header);
    }
}
