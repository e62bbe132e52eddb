using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Transport.Tcp.Lines;

namespace Smb3.Embedded.Transport.Tcp;

/// <summary>A socket's sending side: <see cref="WriteAsync"/> hands the caller's memory to the socket without a copy.</summary>
internal sealed class SocketPipeWriter : PipeWriter
{
    private readonly ISocketLine _line;
    private readonly ArrayBufferWriter<byte> _pending = new();

    public SocketPipeWriter(ISocketLine line) => _line = line;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        try
        {
            while (source.Length > 0)
            {
                source = source[await _line.SendAsync(source, cancellationToken).ConfigureAwait(false)..];
            }

            return default;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return new FlushResult(isCanceled: false, isCompleted: true);
        }
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var result = await WriteAsync(_pending.WrittenMemory, cancellationToken).ConfigureAwait(false);
        _pending.ResetWrittenCount();
        return result;
    }

    public override void Advance(int bytes) => _pending.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _pending.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _pending.GetSpan(sizeHint);

    public override void CancelPendingFlush() => throw new NotSupportedException("Abort the connection to end a write.");

    public override void Complete(Exception? exception = null)
    {
    }
}
