using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>The few system calls behind <see cref="ReadySocketLine"/>.</summary>
internal static unsafe partial class SocketCalls
{
    public const int DoNotWait = 0x40; // MSG_DONTWAIT
    public const int NoSignal = 0x4000; // MSG_NOSIGNAL
    public const int Reading = 0; // SHUT_RD
    public const int Interrupted = 4; // EINTR
    public const int Again = 11; // EAGAIN

    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeSocketHandle socket, byte* buffer, nint length, int flags);

    [LibraryImport(C, EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shutdown(SafeSocketHandle socket, int how);

    [LibraryImport(C, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeSocketHandle socket, byte* buffer, nint length, int flags);
}
