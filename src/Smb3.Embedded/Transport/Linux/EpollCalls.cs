using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Linux;

/// <summary>What a descriptor may be ready for (epoll(7)).</summary>
[Flags]
internal enum Readiness : uint
{
    None = 0,
    Receive = 0x001, // EPOLLIN
    Send = 0x004, // EPOLLOUT
    Broken = 0x008 | 0x010, // EPOLLERR, EPOLLHUP: reported without being asked for
}

/// <summary>The few system calls behind <see cref="ReadinessQueue"/>.</summary>
internal static unsafe partial class EpollCalls
{
    public const int Add = 1; // EPOLL_CTL_ADD
    public const int Modify = 3; // EPOLL_CTL_MOD
    public const uint OneShot = 1u << 30; // EPOLLONESHOT
    public const int CloseOnExec = 0x80000; // EPOLL_CLOEXEC, EFD_CLOEXEC

    private const string C = "libc";

    /// <summary>The structure is packed on x86-64 only.</summary>
    public static int KeyOffset { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

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
