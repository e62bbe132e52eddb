using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>An epoll or eventfd descriptor.</summary>
internal sealed class EpollHandle : SafeHandleMinusOneIsInvalid
{
    public EpollHandle()
        : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle() => SocketCalls.Close(handle) == 0;
}
