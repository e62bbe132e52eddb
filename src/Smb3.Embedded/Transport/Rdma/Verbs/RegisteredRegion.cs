using System.Runtime.InteropServices;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>Memory that has been registered as one piece, and is rented in buffers of one size.</summary>
internal sealed class RegisteredRegion
{
    private readonly nint _region;

    private RegisteredRegion(byte[] bytes, nint region, int bufferSize)
    {
        _region = region;
        Bytes = bytes;
        Address = AddressOf(bytes);
        Key = VerbsCalls.KeyOf(region);
        BufferSize = bufferSize;
        Count = bytes.Length / bufferSize;
        Idle = Count;
    }

    /// <summary>Pinned, so that the device finds it where it was registered; an array, so that whoever holds on to it too long does no harm.</summary>
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
    public static RegisteredRegion? TryCreate(nint domain, int size, int bufferSize, out int error)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        var region = VerbsCalls.Register(domain, (nint)AddressOf(bytes), (nuint)size, VerbsCalls.LocalWrite);
        error = region == 0 ? Marshal.GetLastPInvokeError() : 0;
        return region == 0 ? null : new RegisteredRegion(bytes, region, bufferSize);
    }

    public void Free() => _ = VerbsCalls.Deregister(_region);

    private static ulong AddressOf(byte[] bytes) => (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0);
}
