namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>A piece of a <see cref="RegisteredRegion"/>. It is rented again and again: nobody may use one that he has given back.</summary>
internal sealed class VerbsBuffer(RegisteredMemory pool, RegisteredRegion region, int offset) : RegisteredBuffer
{
    private int _size;
    private int _isRented;

    public override Memory<byte> Memory => Volatile.Read(ref _isRented) != 0
        ? region.Bytes.AsMemory(offset, _size) : throw new ObjectDisposedException(nameof(VerbsBuffer));

    public RegisteredRegion Region => region;

    public ulong Address => region.Address + (uint)offset;

    /// <summary>Bytes that were asked for.</summary>
    public int Size => _size;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isRented, 0) != 0)
        {
            pool.Return(this);
        }
    }

    internal void Begin(int size)
    {
        _size = size;
        Volatile.Write(ref _isRented, 1);
    }
}
