using System.Net;
using Smb3.Embedded.Transport;

namespace Smb3.Embedded.TestClient;

/// <summary>A transport that an <see cref="SmbTestConnection"/> uses for a while, and leaves as it is.</summary>
internal sealed class LentTransport(IMessageTransport inner) : IMessageTransport
{
    private readonly CancellationTokenSource _back = new();
    private readonly TaskCompletionSource _isBack = new();

    public EndPoint LocalEndPoint => inner.LocalEndPoint;

    public EndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public BufferPool Buffers => inner.Buffers;

    public IRemoteMemory? RemoteMemory => inner.RemoteMemory;

    public int Headroom => inner.Headroom;

    public int LargestMessage => inner.LargestMessage;

    public bool HasNext => inner.HasNext;

    public long? BytesAcknowledged => inner.BytesAcknowledged;

    public bool HasPeerClosed => inner.HasPeerClosed;

    public async ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(
        Func<int> longest, CancellationToken cancellationToken)
    {
        try
        {
            var received = await inner.ReceiveAsync(longest, _back.Token).ConfigureAwait(false);
            if (received.Message is not null)
            {
                return received;
            }
        }
        catch (OperationCanceledException)
        {
            // It is wanted back.
        }

        _isBack.TrySetResult();
        return (ReceiveOutcome.Ended, null);
    }

    public ValueTask<bool> SendAsync(IReadOnlyList<OutboundFrame> frames) => inner.SendAsync(frames);

    public void Abort(bool reset = false) => inner.Abort(reset);

    /// <summary>Waits until nobody receives from it any more, and gives it back.</summary>
    public async Task<IMessageTransport> TakeBackAsync()
    {
        await _back.CancelAsync().ConfigureAwait(false);
        await _isBack.Task.ConfigureAwait(false);
        return inner;
    }

    public ValueTask DisposeAsync()
    {
        _back.Dispose();
        return inner.DisposeAsync();
    }
}
