using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>Memory that has been registered as one piece, and is rented in buffers of one size.</summary>
internal sealed class RegisteredRegion
{
    private readonly IProtectionDomain _domain;
    private readonly nint _registration;

    private RegisteredRegion(IProtectionDomain domain, byte[] bytes, nint registration, int bufferSize)
    {
        _domain = domain;
        _registration = registration;
        Bytes = bytes;
        Address = AddressOf(bytes);
        Key = domain.KeyOf(registration);
        BufferSize = bufferSize;
        Count = bytes.Length / bufferSize;
        Idle = Count;
    }

    /// <summary>Pinned, so that the device finds it where it was registered; an array, so that who holds on to it for too long does no harm.</summary>
    public byte[] Bytes { get; }

    public ulong Address { get; }

    /// <summary>What the device calls it.</summary>
    public uint Key { get; }

    public int BufferSize { get; }

    /// <summary>Buffers.</summary>
    public int Count { get; }

    /// <summary>Those of them that are not rented; changed by the pool alone.</summary>
    public int Idle { get; set; }

    /// <summary>Allocates and registers. The peer gets no access: a server opens nothing.</summary>
    /// <param name="domain">The protection domain.</param>
    /// <param name="size">Bytes in all.</param>
    /// <param name="bufferSize">Bytes of one buffer.</param>
    /// <param name="error">Why the system refused.</param>
    public static RegisteredRegion? TryCreate(IProtectionDomain domain, int size, int bufferSize, out int error)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        var registration = domain.Register(AddressOf(bytes), size, isOpenToPeer: false, out error);
        return registration == 0 ? null : new RegisteredRegion(domain, bytes, registration, bufferSize);
    }

    public void Free() => _domain.Deregister(_registration);

    private static ulong AddressOf(byte[] bytes) => (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0);
}
