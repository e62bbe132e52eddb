using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>
/// A socket for one group on one link. Others of this machine may have the same port (Avahi, Bonjour, wsdd). What it receives goes into a
/// queue that others fill too; when that is full, it is lost.
/// </summary>
internal sealed class MulticastSocket : IDatagramSender
{
    /// <summary>The largest message of mDNS (RFC 6762 17), and more than the largest of WS-Discovery need be.</summary>
    private const int MaxMessage = 9000;

    private readonly Socket _socket;
    private readonly IPEndPoint _group;
    private readonly int _link;

    private MulticastSocket(Socket socket, IPEndPoint group, int link) => (_socket, _group, _link) = (socket, group, link);

    /// <summary>Joins a group on a link, and receives.</summary>
    /// <exception cref="SocketException">The system refuses.</exception>
    public static MulticastSocket Open(
        MulticastGroup group, Link link, AddressFamily family, IResponder receiver, ChannelWriter<Datagram> queue)
    {
        var isV4 = family == AddressFamily.InterNetwork;
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            SharePort(socket);
            var level = isV4 ? SocketOptionLevel.IP : SocketOptionLevel.IPv6;
            socket.SetSocketOption(level, SocketOptionName.PacketInformation, true);
            socket.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, group.Hops);
            socket.SetSocketOption(level, SocketOptionName.MulticastLoopback, true);
            var address = group.Of(family);
            if (isV4)
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, group.Port));
                socket.Ttl = (short)group.Hops;
                socket.SetSocketOption(level, SocketOptionName.AddMembership, new MulticastOption(address, link.Index));
                socket.SetSocketOption(level, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(link.Index));
            }
            else
            {
                socket.SetSocketOption(level, SocketOptionName.IPv6Only, true);
                socket.Bind(new IPEndPoint(IPAddress.IPv6Any, group.Port));
                SetHops(socket, group.Hops);
                socket.SetSocketOption(level, SocketOptionName.AddMembership, new IPv6MulticastOption(address, link.Index));
                socket.SetSocketOption(level, SocketOptionName.MulticastInterface, link.Index);
                address = new IPAddress(address.GetAddressBytes(), link.Index);
            }

            var opened = new MulticastSocket(socket, new IPEndPoint(address, group.Port), link.Index);
            _ = opened.ReceiveAsync(receiver, queue);
            return opened;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Send(ReadOnlySpan<byte> message) => Send(message, _group);

    public void Send(ReadOnlySpan<byte> message, IPEndPoint to)
    {
        try
        {
            _socket.SendTo(message, SocketFlags.None, to);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The interface or its address is gone, or nobody is there: the next look at the interfaces will show it.
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>On Unix, several programs have a port only when all of them say so, and Linux gives a socket what others have joined.</summary>
    private static void SharePort(Socket socket)
    {
        const int LinuxSocket = 1, ReusePort = 15;                  // SOL_SOCKET, SO_REUSEPORT
        const int BsdSocket = 0xFFFF, BsdReusePort = 0x200;
        const int Ip = 0, MulticastAll = 49, Ip6 = 41, MulticastAll6 = 29;
        Span<byte> value = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(value, 1);
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(LinuxSocket, ReusePort, value);
            value.Clear();
            try
            {
                var isV4 = socket.AddressFamily == AddressFamily.InterNetwork;
                socket.SetRawSocketOption(isV4 ? Ip : Ip6, isV4 ? MulticastAll : MulticastAll6, value);
            }
            catch (SocketException)
            {
                // An older kernel; what is from other links is left out by its interface.
            }
        }
        else if (OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD())
        {
            socket.SetRawSocketOption(BsdSocket, BsdReusePort, value);
        }
    }

    /// <summary>The hop limit of what goes to one host, for which the framework has an option that Linux does not know.</summary>
    private static void SetHops(Socket socket, int hops)
    {
        const int Ip6 = 41, UnicastHops = 16; // IPPROTO_IPV6, IPV6_UNICAST_HOPS
        if (OperatingSystem.IsLinux())
        {
            Span<byte> value = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(value, hops);
            socket.SetRawSocketOption(Ip6, UnicastHops, value);
        }
        else
        {
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.HopLimit, hops);
        }
    }

    private async Task ReceiveAsync(IResponder receiver, ChannelWriter<Datagram> queue)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(MaxMessage, pinned: true);
        var any = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                var received = await _socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, any).ConfigureAwait(false);
                var from = received.PacketInformation;
                var isToAll = from.Address.Equals(_group.Address) || from.Address.IsIPv6Multicast || from.Address.GetAddressBytes() is [>= 224 and < 240, _, _, _];

                // What others have joined comes to this socket too on some systems; their own get it as well.
                if ((received.SocketFlags & SocketFlags.Truncated) == 0 && (!isToAll || from.Interface == _link))
                {
                    queue.TryWrite(new Datagram(
                        receiver, from.Interface, buffer.AsSpan(0, received.ReceivedBytes).ToArray(), (IPEndPoint)received.RemoteEndPoint, isToAll));
                }
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket)
                {
                    return;
                }

                // Such as that a host to which something was sent is not there. A socket that is broken must not keep a core busy.
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }
}
