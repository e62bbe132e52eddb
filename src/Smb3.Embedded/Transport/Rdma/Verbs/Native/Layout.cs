namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>
/// Where the fields lie that are read of structures which the libraries make, in bytes, on every 64-bit Linux: from rdma/rdma_cma.h and
/// infiniband/verbs.h of rdma-core 44. They are part of what the libraries promise to programs built with those headers.
/// </summary>
internal static class Layout
{
    public const int ContextPoll = 96; // ibv_context.ops.poll_cq
    public const int ContextNotify = 104; // ibv_context.ops.req_notify_cq
    public const int ContextPostSend = 208; // ibv_context.ops.post_send
    public const int ContextPostReceive = 216; // ibv_context.ops.post_recv
    public const int DeviceTransport = 20; // ibv_device.transport_type
    public const int RegionKey = 36; // ibv_mr.lkey
    public const int CompletionDescriptor = 8; // ibv_comp_channel.fd
    public const int IdContext = 0; // rdma_cm_id.verbs
    public const int IdQueuePair = 24; // rdma_cm_id.qp
    public const int IdSource = 32; // rdma_cm_id.route.addr.src_addr
    public const int IdDestination = 160; // rdma_cm_id.route.addr.dst_addr
    public const int EventId = 0; // rdma_cm_event.id
    public const int EventKind = 16; // rdma_cm_event.event
    public const int EventStatus = 20; // rdma_cm_event.status
    public const int EventConnection = 24; // rdma_cm_event.param.conn
}
