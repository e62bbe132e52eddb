namespace Smb3.Embedded.Rpc;

/// <summary>The way back to the client: whole fragments. Thread-safe, and never waits.</summary>
internal interface IRpcOutput
{
    /// <summary>Takes one fragment; false when the client leaves too much unread or is gone, which ends the connection.</summary>
    bool TrySend(ReadOnlyMemory<byte> fragment);

    /// <summary>The connection has ended: what was sent may still be read, and nothing follows it.</summary>
    void End();
}
