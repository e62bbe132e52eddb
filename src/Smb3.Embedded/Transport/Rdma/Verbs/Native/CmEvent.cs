namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>What happened to a connection or a listener.</summary>
internal enum CmEventKind
{
    ConnectRequest = 4, // RDMA_CM_EVENT_CONNECT_REQUEST
    ConnectError = 6, // RDMA_CM_EVENT_CONNECT_ERROR
    Unreachable = 7, // RDMA_CM_EVENT_UNREACHABLE
    Rejected = 8, // RDMA_CM_EVENT_REJECTED
    Established = 9, // RDMA_CM_EVENT_ESTABLISHED
    Disconnected = 10, // RDMA_CM_EVENT_DISCONNECTED
    DeviceRemoval = 11, // RDMA_CM_EVENT_DEVICE_REMOVAL
}

/// <summary>A copy of an event of the connection manager (<c>struct rdma_cm_event</c>), which is acknowledged before anything is done.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Id">To which connection or listener; a new connection for a request.</param>
/// <param name="ReadsAllowed">RDMA reads that the peer lets us have under way, of a request; 0: it does not say.</param>
internal readonly record struct CmEvent(CmEventKind Kind, CmId Id, byte ReadsAllowed)
{
    /// <summary>Takes the next event, if there is one.</summary>
    public static unsafe bool TryTake(nint channel, out CmEvent taken)
    {
        taken = default;
        if (CmCalls.TakeEvent(channel, out var pointer) != 0)
        {
            return false;
        }

        var connection = (ConnectionParameters*)(pointer + Layout.EventConnection);
        var kind = *(CmEventKind*)(pointer + Layout.EventKind);
        var reads = kind == CmEventKind.ConnectRequest ? ReadsOf(connection) : (byte)0;
        taken = new CmEvent(kind, new CmId(*(nint*)(pointer + Layout.EventId)), reads);
        CmCalls.AcknowledgeEvent(pointer);
        return true;
    }

    /// <summary>
    /// How many reads the peer allows. Over iWARP its first message has no place for the number before MPA version 2 (RFC 6581), so SMB
    /// Direct's clients put it into the private data, where the first four bytes are it.
    /// </summary>
    internal static unsafe byte ReadsOf(ConnectionParameters* connection)
    {
        if (connection->InitiatorDepth > 0 || connection->Data is null || connection->DataLength < sizeof(uint))
        {
            return connection->InitiatorDepth;
        }

        // Big-endian, or as older Linux kernels write it, little-endian.
        var bytes = new ReadOnlySpan<byte>(connection->Data, sizeof(uint));
        return bytes switch
        {
            [0, 0, 0, var number] => number,
            [var number, 0, 0, 0] => number,
            _ => 0,
        };
    }
}
