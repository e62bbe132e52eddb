using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Faults;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>One connection of a client, and what goes wrong with it.</summary>
internal sealed class FaultyChannel(SmbTestConnection connection, IFaultyLine line)
{
    private int _failed;

    public SmbTestConnection Connection => connection;

    /// <summary>The server that it leads to.</summary>
    public string Server { get; init; } = string.Empty;

    public bool IsUsable => Volatile.Read(ref _failed) == 0 && !connection.IsClosed;

    public Task Ended => line.Ended;

    public static async Task<FaultyChannel> OpenAsync(
        Func<Task<IByteStream>> connect, Guid clientGuid, Action<SmbTestResponse> unsolicited, string server = "")
    {
        var transport = new FaultyTransport(await connect());
        var connection = new SmbTestConnection(transport, new SmbTestClientOptions { ClientGuid = clientGuid })
        {
            Unsolicited = unsolicited,
        };
        return new FaultyChannel(connection, new StreamLine(transport)) { Server = server };
    }

    /// <summary>The same over SMB Direct.</summary>
    public static FaultyChannel Open(RdmaPlace place, Guid clientGuid, Action<SmbTestResponse> unsolicited)
    {
        var connection = place.Connect(new SmbTestClientOptions { ClientGuid = clientGuid }, out var pair);
        connection.Unsolicited = unsolicited;
        return new FaultyChannel(connection, new RdmaLine(connection, pair));
    }

    /// <summary>Something goes wrong. What was blocked is let go after a while, when the client may long have given up.</summary>
    public void Harm(Random random, RunReport report)
    {
        var toServer = random.Next(2) == 0;
        switch (random.Next(6))
        {
            case 0:
                report.Count("cuts");
                line.Cut();
                break;
            case 1:
                // Somewhere in what comes next: in the middle of a frame, more often than not.
                report.Count("cuts inside a frame");
                line.CutInside(toServer, random.Next(1, 2000), random.Next(20, 60));
                break;
            case 2 or 3:
                report.Count("short stalls");
                line.Stall(toServer, random.Next(0, 1500));
                After(random.Next(10, 200), () => line.Release(toServer));
                break;
            case 4:
                report.Count("long stalls");
                line.Stall(toServer, random.Next(0, 1500));
                After(random.Next(1200, 2500), () => line.Release(toServer));
                break;
            default:
                report.Count("duplicates");
                line.DuplicateNext();
                break;
        }
    }

    /// <summary>The connection ends, at once or somewhere in what comes next, so that some requests arrive and their answers do not.</summary>
    public void Cut(Random random)
    {
        if (random.Next(2) == 0)
        {
            line.Cut();
            return;
        }

        line.CutInside(random.Next(2) == 0, random.Next(1, 2000), random.Next(20, 60));
    }

    /// <summary>The client gives the channel up. What it sent may arrive all the same.</summary>
    public async ValueTask GiveUpAsync()
    {
        if (Interlocked.Exchange(ref _failed, 1) == 0)
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>The end of everything: nothing is held up any more.</summary>
    public void Release()
    {
        line.Release(toServer: true);
        line.Release(toServer: false);
    }

    private static void After(int milliseconds, Action action) =>
        _ = Task.Delay(milliseconds).ContinueWith(_ => action(), TaskScheduler.Default);
}
