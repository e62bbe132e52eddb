namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// A few instances of a cryptographic primitive that is costly to create and not thread-safe. Lock-free; a caller
/// who finds none idle gets a new one, and an instance that does not fit when it comes back is disposed.
/// </summary>
internal sealed class PrimitivePool<T>(Func<T> create) : IDisposable
    where T : class, IDisposable
{
    private readonly T?[] _idle = new T?[Math.Clamp(Environment.ProcessorCount, 1, 16)];

    public T Rent()
    {
        foreach (ref var slot in _idle.AsSpan())
        {
            if (Volatile.Read(ref slot) is not null && Interlocked.Exchange(ref slot, null) is { } primitive)
            {
                return primitive;
            }
        }

        return create();
    }

    public void Return(T primitive)
    {
        foreach (ref var slot in _idle.AsSpan())
        {
            if (Volatile.Read(ref slot) is null && Interlocked.CompareExchange(ref slot, primitive, null) is null)
            {
                return;
            }
        }

        primitive.Dispose();
    }

    /// <summary>Nobody may hold an instance any more.</summary>
    public void Dispose()
    {
        foreach (ref var slot in _idle.AsSpan())
        {
            Interlocked.Exchange(ref slot, null)?.Dispose();
        }
    }
}
