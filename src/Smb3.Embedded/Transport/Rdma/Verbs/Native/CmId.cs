using System.Net;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>A connection or a listener of the connection manager (<c>struct rdma_cm_id</c>).</summary>
internal readonly record struct CmId(nint Pointer)
{
    private const ushort IPv4 = 2; // AF_INET
    private const ushort IPv6 = 10; // AF_INET6

    /// <summary>The device; 0 while it is not known.</summary>
    public unsafe nint Context => *(nint*)(Pointer + Layout.IdContext);

    public unsafe nint QueuePair => *(nint*)(Pointer + Layout.IdQueuePair);

    public IPEndPoint Local => Address(Layout.IdSource);

    public IPEndPoint Remote => Address(Layout.IdDestination);

    private unsafe IPEndPoint Address(int offset)
    {
        var address = new ReadOnlySpan<byte>((byte*)Pointer + offset, 28);
        var port = (address[2] << 8) | address[3];
        return BitConverter.ToUInt16(address) switch
        {
            IPv4 => new IPEndPoint(new IPAddress(address.Slice(4, 4)), port),
            IPv6 => new IPEndPoint(new IPAddress(address.Slice(8, 16), BitConverter.ToUInt32(address[24..])), port),
            _ => new IPEndPoint(IPAddress.None, port),
        };
    }
}
