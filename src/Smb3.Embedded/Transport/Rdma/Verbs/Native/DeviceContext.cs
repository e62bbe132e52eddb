namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>An opened device (<c>struct ibv_context</c>) and the functions of its driver, which the header's inline functions call.</summary>
internal readonly unsafe struct DeviceContext(nint context)
{
    private const int Iwarp = 1; // IBV_TRANSPORT_IWARP

    public nint Pointer => context;

    /// <summary>Whether it speaks iWARP, RDMA over TCP.</summary>
    public bool IsIwarp => *(int*)(*(nint*)context + Layout.DeviceTransport) == Iwarp;

    public int PostSend(nint queuePair, SendRequest* request)
    {
        SendRequest* failed;
        return ((delegate* unmanaged<nint, SendRequest*, SendRequest**, int>)At(Layout.ContextPostSend))(queuePair, request, &failed);
    }

    public int PostReceive(nint queuePair, ReceiveRequest* request)
    {
        ReceiveRequest* failed;
        return ((delegate* unmanaged<nint, ReceiveRequest*, ReceiveRequest**, int>)At(Layout.ContextPostReceive))(queuePair, request, &failed);
    }

    public int Poll(nint queue, int count, WorkCompletion* completions) =>
        ((delegate* unmanaged<nint, int, WorkCompletion*, int>)At(Layout.ContextPoll))(queue, count, completions);

    public int RequestNotification(nint queue) =>
        ((delegate* unmanaged<nint, int, int>)At(Layout.ContextNotify))(queue, 0);

    private nint At(int offset) => *(nint*)(context + offset);
}
