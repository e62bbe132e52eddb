using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Tcp.Lines;

namespace Smb3.Embedded.Transport.Tcp;

/// <summary>
/// A socket's receiving side. While a connection is idle it holds no buffer: it waits with a zero-byte receive and rents one when
/// data is there.
/// </summary>
internal sealed class SocketPipeReader : PipeReader, IDirectInput
{
    private const int BufferSize = 16 * 1024;

    private readonly ISocketLine _line;
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private bool _examinedAll;
    private bool _ended;

    public SocketPipeReader(ISocketLine line) => _line = line;

    public override bool TryRead(out ReadResult result)
    {
        if ((_start < _end && !_examinedAll) || _ended)
        {
            result = Unread();
            return true;
        }

        result = default;
        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var ready))
        {
            return ready;
        }

        try
        {
            if (_start == _end)
            {
                Release();
                await _line.WaitForDataAsync(cancellationToken).ConfigureAwait(false);
            }

            MakeRoom();
            var count = await _line.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            _ended = count == 0;
            _end += count;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // A broken connection ends the byte stream; why it broke does not matter to the layers above.
            _ended = true;
        }

        _examinedAll = false;
        return Unread();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // The caller has a buffer of its own; two for one connection would be one too many.
        Release();
        try
        {
            var count = await _line.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            _ended |= count == 0;
            return count;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _ended = true;
            return 0;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_buffer is null || consumed.GetObject() is null)
        {
            return;
        }

        // Positions of a sequence over one array are indexes into that array.
        _start = consumed.GetInteger();
        _examinedAll = examined.GetInteger() >= _end;
        if (_start == _end)
        {
            _start = _end = 0;
            _examinedAll = false;
        }
    }

    public override void CancelPendingRead() => throw new NotSupportedException("Abort the connection to end a read.");

    public override void Complete(Exception? exception = null)
    {
        _ended = true;
        _start = _end = 0;
        Release();
    }

    private ReadResult Unread() =>
        new(_buffer is null ? default : new ReadOnlySequence<byte>(_buffer.AsMemory(_start, _end - _start)), false, _ended);

    private void MakeRoom()
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    private void Release()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }
}
