using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>The few system calls behind <see cref="ReadySocketLine"/> and <see cref="ActivatedSockets"/>.</summary>
internal static unsafe partial class SocketCalls
{
    public const int DoNotWait = 0x40; // MSG_DONTWAIT
    public const int NoSignal = 0x4000; // MSG_NOSIGNAL
    public const int Reading = 0; // SHUT_RD
    public const int Interrupted = 4; // EINTR
    public const int Again = 11; // EAGAIN

    public const int SetDescriptorFlags = 2; // F_SETFD
    public const int CloseOnExec = 1; // FD_CLOEXEC
    public const int Duplicate = 1030; // F_DUPFD_CLOEXEC

    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeSocketHandle socket, byte* buffer, nint length, int flags);

    [LibraryImport(C, EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shutdown(SafeSocketHandle socket, int how);

    [LibraryImport(C, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeSocketHandle socket, byte* buffer, nint length, int flags);

    /// <summary>fcntl with a whole number, which the ABIs of x64 and ARM64 Linux pass like any other.</summary>
    [LibraryImport(C, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int descriptor, int command, nint argument);
}
