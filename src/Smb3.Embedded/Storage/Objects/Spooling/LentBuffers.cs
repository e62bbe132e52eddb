using System.Buffers;

namespace Smb3.Embedded.Storage.Objects.Spooling;

/// <summary>
/// Large buffers, of which there are never more than were in use at once; the shared array pool keeps some for each thread that has given one back.
/// What is idle the collector may take.
/// </summary>
/// <param name="size">The length of each.</param>
internal sealed class LentBuffers(int size)
{
    private readonly Stack<WeakReference<byte[]>> _idle = new();

    /// <summary>At least <paramref name="length"/> bytes, which are not cleared; no more than the size. Much less comes from the shared pool.</summary>
    public byte[] Rent(int length)
    {
        if (length <= size / 2)
        {
            return ArrayPool<byte>.Shared.Rent(length);
        }

        lock (_idle)
        {
            while (_idle.TryPop(out var idle))
            {
                if (idle.TryGetTarget(out var buffer))
                {
                    return buffer;
                }
            }
        }

        return GC.AllocateUninitializedArray<byte>(size);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length < size)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }

        var idle = new WeakReference<byte[]>(buffer);
        lock (_idle)
        {
            _idle.Push(idle);
        }
    }
}
