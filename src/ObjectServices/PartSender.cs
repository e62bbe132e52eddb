using Smb3.Embedded.Storage.Objects.Spooling;

namespace Smb3.Embedded.ObjectServices;

/// <summary>Sends the parts of files, of which only so many are in memory and under way at a time, of all files together.</summary>
internal sealed class PartSender(int partSize, int parallel) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(parallel);
    private readonly LentBuffers _buffers = new(partSize);

    public void Dispose() => _slots.Dispose();

    /// <summary>Reads the parts one after the other, and sends as many at a time as there are slots for. Parts are numbered from 1.</summary>
    public async Task<T[]> SendAsync<T>(Stream content, Func<int, Stream, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = new List<Task<T>>();
        try
        {
            content.Position = 0;
            for (var left = content.Length; left > 0 && !sending.Exists(static part => part.IsFaulted);)
            {
                var length = (int)Math.Min(partSize, left);
                await _slots.WaitAsync(stop.Token).ConfigureAwait(false);
                var buffer = _buffers.Rent(length);
                try
                {
                    await content.ReadExactlyAsync(buffer.AsMemory(0, length), stop.Token).ConfigureAwait(false);
                }
                catch
                {
                    Return(buffer);
                    throw;
                }

                sending.Add(SendPartAsync(sending.Count + 1, buffer, length, send, stop.Token));
                left -= length;
            }

            return await Task.WhenAll(sending).ConfigureAwait(false);
        }
        finally
        {
            // Nothing of it may be under way when the upload is given up, and the buffers go back.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(sending)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<T> SendPartAsync<T>(
        int number, byte[] buffer, int length, Func<int, Stream, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            using var part = new MemoryStream(buffer, 0, length, writable: false, publiclyVisible: true);
            return await send(number, part, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Return(buffer);
        }
    }

    private void Return(byte[] buffer)
    {
        _buffers.Return(buffer);
        _slots.Release();
    }
}
