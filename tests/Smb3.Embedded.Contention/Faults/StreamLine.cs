using Smb3.Embedded.TestClient.Faults;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>A stream of bytes, which stops and ends at any of them.</summary>
internal sealed class StreamLine(FaultyTransport transport) : IFaultyLine
{
    public Task Ended => transport.Ended;

    public void Cut() => transport.Cut();

    public void CutInside(bool toServer, int after, int patience)
    {
        Stall(toServer, after);
        _ = Task.Delay(patience).ContinueWith(_ => Cut(), TaskScheduler.Default);
    }

    public void Stall(bool toServer, int after) => DirectionOf(toServer).BlockAfter(after);

    public void Release(bool toServer) => DirectionOf(toServer).Release();

    public void DuplicateNext() => transport.ToServer.DuplicateNext();

    private FaultyDirection DirectionOf(bool toServer) => toServer ? transport.ToServer : transport.ToClient;
}
