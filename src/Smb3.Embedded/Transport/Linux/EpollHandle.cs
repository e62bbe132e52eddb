using Microsoft.Win32.SafeHandles;

namespace Smb3.Embedded.Transport.Linux;

/// <summary>An epoll or eventfd descriptor.</summary>
internal sealed class EpollHandle : SafeHandleMinusOneIsInvalid
{
    public EpollHandle()
        : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle() => EpollCalls.Close(handle) == 0;
}
