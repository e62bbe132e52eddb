using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Smb3.Embedded.TestClient.Faults;

/// <summary>One direction of a <see cref="FaultyTransport"/>: bytes go through or stop at any of them, and frames can go twice.</summary>
internal sealed class FaultyDirection(PipeReader source, PipeWriter target)
{
    private readonly TrafficGate _gate = new();
    private readonly Lock _sync = new();
    private long _allowed = long.MaxValue;
    private int _duplicates;
    private volatile bool _cut;
    private long _delivered;

    // How much of the frame that is under way is still to come; 0 between two frames.
    private long _restOfFrame;

    /// <summary>Bytes that have gone through.</summary>
    public long Delivered => Interlocked.Read(ref _delivered);

    public bool IsBlocked => _gate.IsClosed;

    /// <summary>Lets so many more bytes through, and then none until <see cref="Release"/>.</summary>
    public void BlockAfter(long bytes)
    {
        lock (_sync)
        {
            _allowed = bytes;
            if (bytes == 0)
            {
                _gate.Close();
            }
        }
    }

    public void Release()
    {
        lock (_sync)
        {
            _allowed = long.MaxValue;
            _gate.Open();
        }
    }

    /// <summary>Nothing goes through any more. Whoever owns the two ends has a read or a write that waits end.</summary>
    public void Cut()
    {
        _cut = true;
        Release();
    }

    /// <summary>The next whole frame arrives twice.</summary>
    public void DuplicateNext() => Interlocked.Exchange(ref _duplicates, 1);

    /// <summary>Moves bytes until the source ends; what it had sent before is still delivered.</summary>
    public async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                await _gate.WaitAsync();
                var result = await source.ReadAsync();
                await _gate.WaitAsync();
                if (_cut)
                {
                    return;
                }

                var taken = Take(result.Buffer);
                if (taken.IsEmpty && !result.Buffer.IsEmpty && !_gate.IsClosed && !result.IsCompleted)
                {
                    source.AdvanceTo(result.Buffer.Start, result.Buffer.End); // a frame that is to go twice is not whole yet
                    continue;
                }

                foreach (var segment in taken)
                {
                    await target.WriteAsync(segment);
                }

                Interlocked.Add(ref _delivered, taken.Length);
                source.AdvanceTo(taken.End);
                if (result.IsCompleted && taken.Length == result.Buffer.Length)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut.
        }
        finally
        {
            await source.CompleteAsync();
        }
    }

    /// <summary>What may go now; a frame that goes twice is written here the first time.</summary>
    private ReadOnlySequence<byte> Take(ReadOnlySequence<byte> buffer)
    {
        var taken = buffer;
        if (Volatile.Read(ref _duplicates) != 0)
        {
            if (_restOfFrame > 0)
            {
                taken = buffer.Slice(0, Math.Min(buffer.Length, _restOfFrame));
            }
            else if (FrameLength(buffer) is not { } frame || buffer.Length < frame)
            {
                return buffer.Slice(0, 0);
            }
            else
            {
                Volatile.Write(ref _duplicates, 0);
                taken = buffer.Slice(0, frame);
                target.Write(taken.ToArray());
            }
        }

        lock (_sync)
        {
            if (taken.Length >= _allowed)
            {
                taken = taken.Slice(0, _allowed);
                _allowed = 0;
                _gate.Close();
            }
            else if (_allowed != long.MaxValue)
            {
                _allowed -= taken.Length;
            }
        }

        Follow(taken);
        return taken;
    }

    private void Follow(ReadOnlySequence<byte> taken)
    {
        while (!taken.IsEmpty)
        {
            if (_restOfFrame == 0)
            {
                // Only whole headers are looked at: a block inside one makes the next duplicate a frame late, which is as good.
                if (FrameLength(taken) is not { } length)
                {
                    return;
                }

                _restOfFrame = length;
            }

            var step = Math.Min(_restOfFrame, taken.Length);
            _restOfFrame -= step;
            taken = taken.Slice(step);
        }
    }

    private static long? FrameLength(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < sizeof(uint))
        {
            return null;
        }

        Span<byte> header = stackalloc byte[sizeof(uint)];
        buffer.Slice(0, sizeof(uint)).CopyTo(header);
        return sizeof(uint) + (BinaryPrimitives.ReadUInt32BigEndian(header) & 0xFFFFFF);
    }
}
