using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>
/// What is used of libibverbs. Posting and polling are not among it: those are inline functions of its header, which call what the context
/// points to (<see cref="DeviceContext"/>).
/// </summary>
internal static partial class VerbsCalls
{
    public const int LocalWrite = 1; // IBV_ACCESS_LOCAL_WRITE
    public const int RemoteWrite = 2; // IBV_ACCESS_REMOTE_WRITE
    public const int NotPermitted = 1; // EPERM
    public const int NoSuchFile = 2; // ENOENT
    public const int Again = 11; // EAGAIN
    public const int OutOfMemory = 12; // ENOMEM
    public const int AccessDenied = 13; // EACCES
    public const int NoSuchDevice = 19; // ENODEV
    public const int Invalid = 22; // EINVAL
    public const int AddressInUse = 98; // EADDRINUSE
    public const int AddressNotAvailable = 99; // EADDRNOTAVAIL

    private const string Verbs = "libibverbs.so.1";

    [LibraryImport(Verbs, EntryPoint = "ibv_query_device")]
    public static partial int QueryDevice(nint context, out DeviceAttributes attributes);

    [LibraryImport(Verbs, EntryPoint = "ibv_alloc_pd", SetLastError = true)]
    public static partial nint AllocateDomain(nint context);

    [LibraryImport(Verbs, EntryPoint = "ibv_dealloc_pd")]
    public static partial int FreeDomain(nint domain);

    [LibraryImport(Verbs, EntryPoint = "ibv_reg_mr", SetLastError = true)]
    public static partial nint Register(nint domain, nint address, nuint length, int access);

    [LibraryImport(Verbs, EntryPoint = "ibv_dereg_mr")]
    public static partial int Deregister(nint region);

    [LibraryImport(Verbs, EntryPoint = "ibv_create_comp_channel", SetLastError = true)]
    public static partial nint CreateCompletionChannel(nint context);

    [LibraryImport(Verbs, EntryPoint = "ibv_destroy_comp_channel")]
    public static partial int DestroyCompletionChannel(nint channel);

    [LibraryImport(Verbs, EntryPoint = "ibv_create_cq", SetLastError = true)]
    public static partial nint CreateCompletionQueue(nint context, int entries, nint queueContext, nint channel, int vector);

    [LibraryImport(Verbs, EntryPoint = "ibv_destroy_cq")]
    public static partial int DestroyCompletionQueue(nint queue);

    [LibraryImport(Verbs, EntryPoint = "ibv_get_cq_event", SetLastError = true)]
    public static partial int TakeCompletionEvent(nint channel, out nint queue, out nint queueContext);

    [LibraryImport(Verbs, EntryPoint = "ibv_ack_cq_events")]
    public static partial void AcknowledgeCompletionEvents(nint queue, uint count);

    /// <summary>The key by which the device is told of local memory: <c>ibv_mr.lkey</c>.</summary>
    public static unsafe uint KeyOf(nint region) => *(uint*)(region + Layout.RegionKey);
}
