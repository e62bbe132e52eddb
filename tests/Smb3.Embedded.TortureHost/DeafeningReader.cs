using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.TortureHost;

/// <summary>Takes the requests of <see cref="DeafenRequest"/> out of what the server reads.</summary>
/// <param name="inner">What the peer sends.</param>
/// <param name="deafen">Does what is asked and sends the given answer, a whole frame.</param>
internal sealed class DeafeningReader(PipeReader inner, Func<ReadOnlyMemory<byte>, ValueTask> deafen) : PipeReader
{
    private ReadOnlySequence<byte> _shown;

    // Bytes that the server has still to take of the frame that it is reading: only what begins a frame is looked at.
    private long _leftOfFrame;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var result = await inner.ReadAsync(cancellationToken);
            _shown = result.Buffer;
            if (_leftOfFrame > 0 || !TryTakeFrame(_shown, out var message, out var end) || !DeafenRequest.TryAnswer(message, out var answer))
            {
                return result;
            }

            inner.AdvanceTo(end);
            await deafen(answer);
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        result = default;
        return false; // the server awaits all that it reads
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var taken = _shown.Slice(0, consumed);
        while (!taken.IsEmpty)
        {
            if (_leftOfFrame == 0)
            {
                _leftOfFrame = FrameReader.HeaderSize + LengthOf(taken);
            }

            var part = Math.Min(_leftOfFrame, taken.Length);
            _leftOfFrame -= part;
            taken = taken.Slice(part);
        }

        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private static bool TryTakeFrame(ReadOnlySequence<byte> buffer, out byte[] message, out SequencePosition end)
    {
        message = [];
        end = buffer.Start;
        if (buffer.Length < FrameReader.HeaderSize || buffer.Length < FrameReader.HeaderSize + LengthOf(buffer))
        {
            return false;
        }

        var frame = buffer.Slice(0, FrameReader.HeaderSize + LengthOf(buffer));
        message = frame.Slice(FrameReader.HeaderSize).ToArray();
        end = frame.End;
        return true;
    }

    // The server takes a frame's header as a whole.
    private static int LengthOf(ReadOnlySequence<byte> frame)
    {
        Span<byte> header = stackalloc byte[FrameReader.HeaderSize];
        frame.Slice(0, FrameReader.HeaderSize).CopyTo(header);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(header) & 0xFFFFFF);
    }
}
