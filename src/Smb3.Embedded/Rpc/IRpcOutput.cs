namespace Smb3.Embedded.Rpc;

/// <summary>Where a connection puts its answers.</summary>
internal interface IRpcOutput
{
    /// <summary>Takes one PDU; false when the client leaves too much unread or is gone, which ends the connection.</summary>
    bool TrySend(ReadOnlyMemory<byte> fragment);
}
