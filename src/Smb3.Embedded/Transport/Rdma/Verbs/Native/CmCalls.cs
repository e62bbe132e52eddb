using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>What is used of librdmacm, and the one call of the C library that makes its descriptors not block.</summary>
internal static unsafe partial class CmCalls
{
    public const int TcpPortSpace = 0x0106; // RDMA_PS_TCP

    private const string Cm = "librdmacm.so.1";
    private const int GetFlags = 3; // F_GETFL
    private const int SetFlags = 4; // F_SETFL
    private const int NonBlocking = 0x800; // O_NONBLOCK

    [LibraryImport(Cm, EntryPoint = "rdma_create_event_channel", SetLastError = true)]
    public static partial nint CreateEventChannel();

    [LibraryImport(Cm, EntryPoint = "rdma_destroy_event_channel")]
    public static partial void DestroyEventChannel(nint channel);

    [LibraryImport(Cm, EntryPoint = "rdma_create_id", SetLastError = true)]
    public static partial int CreateId(nint channel, out nint id, nint context, int portSpace);

    [LibraryImport(Cm, EntryPoint = "rdma_destroy_id", SetLastError = true)]
    public static partial int DestroyId(nint id);

    [LibraryImport(Cm, EntryPoint = "rdma_bind_addr", SetLastError = true)]
    public static partial int Bind(nint id, byte* address);

    [LibraryImport(Cm, EntryPoint = "rdma_listen", SetLastError = true)]
    public static partial int Listen(nint id, int backlog);

    [LibraryImport(Cm, EntryPoint = "rdma_get_cm_event", SetLastError = true)]
    public static partial int TakeEvent(nint channel, out nint @event);

    [LibraryImport(Cm, EntryPoint = "rdma_ack_cm_event", SetLastError = true)]
    public static partial int AcknowledgeEvent(nint @event);

    [LibraryImport(Cm, EntryPoint = "rdma_create_qp", SetLastError = true)]
    public static partial int CreateQueuePair(nint id, nint domain, QueuePairAttributes* attributes);

    [LibraryImport(Cm, EntryPoint = "rdma_destroy_qp")]
    public static partial void DestroyQueuePair(nint id);

    [LibraryImport(Cm, EntryPoint = "rdma_accept", SetLastError = true)]
    public static partial int Accept(nint id, ConnectionParameters* parameters);

    [LibraryImport(Cm, EntryPoint = "rdma_reject", SetLastError = true)]
    public static partial int Reject(nint id, byte* data, byte length);

    [LibraryImport(Cm, EntryPoint = "rdma_disconnect", SetLastError = true)]
    public static partial int Disconnect(nint id);

    /// <summary>What reads from a descriptor then returns at once.</summary>
    /// <returns>False when the system refuses, with the reason as the last error.</returns>
    public static bool TryMakeNonBlocking(int descriptor)
    {
        var flags = Control(descriptor, GetFlags, 0);
        return flags >= 0 && Control(descriptor, SetFlags, flags | NonBlocking) == 0;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);
}
