using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.Rdma.InProcess;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>
/// A queue pair, which breaks at any of its operations: between two fragments of a message, before data is fetched or placed, between that
/// and the response. What stalls are whole messages.
/// </summary>
internal sealed class RdmaLine(SmbTestConnection connection, InProcessQueuePair pair) : IFaultyLine
{
    private const int BytesOfOperation = 100;

    public Task Ended { get; } = connection.Closed.ContinueWith(static _ => { }, TaskScheduler.Default);

    public void Cut() => pair.Disconnect();

    public void CutInside(bool toServer, int after, int patience)
    {
        var left = after / BytesOfOperation;
        (toServer ? pair : pair.Peer).Faults =
            _ => Interlocked.Decrement(ref left) < 0 ? QueuePairFault.Break : QueuePairFault.None;
        _ = Task.Delay(patience).ContinueWith(_ => Cut(), TaskScheduler.Default);
    }

    public void Stall(bool toServer, int after) => GateOf(toServer).Close();

    public void Release(bool toServer) => GateOf(toServer).Open();

    public void DuplicateNext() => connection.SendNextTwice();

    private TrafficGate GateOf(bool toServer) => toServer ? connection.Outbound : connection.Inbound;
}
