using System.IO.Pipelines;

namespace Smb3.Embedded.TortureHost;

/// <summary>A writer for whole frames of two parties: the server, and whoever answers in its place.</summary>
internal sealed class SharedWriter(PipeWriter inner) : PipeWriter, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await inner.WriteAsync(source, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public void Dispose() => _turn.Dispose();
}
