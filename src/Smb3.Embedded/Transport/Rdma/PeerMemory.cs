using System.Buffers;
using System.Runtime.CompilerServices;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>The peer's memory, by RDMA read and write (MS-SMBD 3.1.4.4, 3.1.4.5).</summary>
/// <param name="pair">The connection.</param>
/// <param name="largest">Bytes that one RDMA read or write moves at the most.</param>
internal sealed class PeerMemory(IQueuePair pair, int largest) : IRemoteMemory
{
    public IMemoryOwner<byte> Rent(int length) => pair.Rent(length);

    public ValueTask<bool> PlaceAsync(IMemoryOwner<byte> data, int count, IReadOnlyList<RemoteBuffer> buffers) =>
        MoveAsync((RegisteredBuffer)data, count, buffers, isRead: false);

    public ValueTask<bool> FetchAsync(IMemoryOwner<byte> destination, int count, IReadOnlyList<RemoteBuffer> buffers) =>
        MoveAsync((RegisteredBuffer)destination, count, buffers, isRead: true);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> MoveAsync(RegisteredBuffer memory, int count, IReadOnlyList<RemoteBuffer> buffers, bool isRead)
    {
        var at = 0;
        for (var i = 0; i < buffers.Count && at < count; i++)
        {
            var left = buffers[i];
            while (left.Length > 0 && at < count)
            {
                var length = (int)Math.Min(left.Length, (uint)Math.Min(largest, count - at));
                var piece = left with { Length = (uint)length };
                var moved = isRead
                    ? await pair.ReadAsync(memory, at, piece).ConfigureAwait(false)
                    : await pair.WriteAsync(memory, at, piece).ConfigureAwait(false);
                if (!moved)
                {
                    return false;
                }

                at += length;
                left = new RemoteBuffer(left.Offset + (ulong)length, left.Token, left.Length - (uint)length);
            }
        }

        return at == count;
    }
}
