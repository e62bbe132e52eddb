using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>What a socket may be ready for (epoll(7)).</summary>
[Flags]
internal enum Readiness : uint
{
    None = 0,
    Receive = 0x001, // EPOLLIN
    Send = 0x004, // EPOLLOUT
    Broken = 0x008 | 0x010, // EPOLLERR, EPOLLHUP: reported without being asked for
}

/// <summary>The few system calls behind <see cref="ReadySocketLine"/> and <see cref="ReadinessQueue"/>.</summary>
internal static unsafe partial class SocketCalls
{
    public const int DoNotWait = 0x40; // MSG_DONTWAIT
    public const int NoSignal = 0x4000; // MSG_NOSIGNAL
    public const int Add = 1; // EPOLL_CTL_ADD
    public const int Modify = 3; // EPOLL_CTL_MOD
    public const uint OneShot = 1u << 30; // EPOLLONESHOT
    public const int CloseOnExec = 0x80000; // EPOLL_CLOEXEC, EFD_CLOEXEC
    public const int Interrupted = 4; // EINTR
    public const int Again = 11; // EAGAIN

    private const string C = "libc";

    /// <summary>The structure is packed on x86-64 only.</summary>
    public static int KeyOffset { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    [LibraryImport(C, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeSocketHandle socket, byte* buffer, nint length, int flags);

    [LibraryImport(C, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeSocketHandle socket, byte* buffer, nint length, int flags);

    [LibraryImport(C, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial EpollHandle CreateQueue(int flags);

    [LibraryImport(C, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int Control(EpollHandle queue, int operation, SafeHandle target, byte* description);

    [LibraryImport(C, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int Wait(EpollHandle queue, byte* events, int count, int timeout);

    [LibraryImport(C, EntryPoint = "eventfd", SetLastError = true)]
    public static partial EpollHandle CreateEvent(uint count, int flags);

    [LibraryImport(C, EntryPoint = "close")]
    public static partial int Close(nint descriptor);
}
