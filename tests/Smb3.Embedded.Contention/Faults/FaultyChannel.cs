using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Faults;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>One connection of a client, and what goes wrong with it.</summary>
internal sealed class FaultyChannel(SmbTestConnection connection, FaultyTransport transport)
{
    private int _failed;

    public SmbTestConnection Connection => connection;

    /// <summary>The server that it leads to.</summary>
    public string Server { get; init; } = string.Empty;

    public bool IsUsable => Volatile.Read(ref _failed) == 0 && !connection.IsClosed;

    public Task Ended => transport.Ended;

    public static async Task<FaultyChannel> OpenAsync(
        Func<Task<IByteStream>> connect, Guid clientGuid, Action<SmbTestResponse> unsolicited, string server = "")
    {
        var transport = new FaultyTransport(await connect());
        var connection = new SmbTestConnection(transport, new SmbTestClientOptions { ClientGuid = clientGuid })
        {
            Unsolicited = unsolicited,
        };
        return new FaultyChannel(connection, transport) { Server = server };
    }

    /// <summary>Something goes wrong. What was blocked is let go after a while, when the client may long have given up.</summary>
    public void Harm(Random random, RunReport report)
    {
        var direction = random.Next(2) == 0 ? transport.ToServer : transport.ToClient;
        switch (random.Next(6))
        {
            case 0:
                report.Count("cuts");
                transport.Cut();
                break;
            case 1:
                // Somewhere in what comes next: in the middle of a frame, more often than not.
                report.Count("cuts inside a frame");
                direction.BlockAfter(random.Next(1, 2000));
                After(random.Next(20, 60), transport.Cut);
                break;
            case 2 or 3:
                report.Count("short stalls");
                direction.BlockAfter(random.Next(0, 1500));
                After(random.Next(10, 200), direction.Release);
                break;
            case 4:
                report.Count("long stalls");
                direction.BlockAfter(random.Next(0, 1500));
                After(random.Next(1200, 2500), direction.Release);
                break;
            default:
                report.Count("duplicates");
                transport.ToServer.DuplicateNext();
                break;
        }
    }

    /// <summary>The connection ends, at once or somewhere in what comes next, so that some requests arrive and their answers do not.</summary>
    public void Cut(Random random)
    {
        if (random.Next(2) == 0)
        {
            transport.Cut();
            return;
        }

        (random.Next(2) == 0 ? transport.ToServer : transport.ToClient).BlockAfter(random.Next(1, 2000));
        After(random.Next(20, 60), transport.Cut);
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
        transport.ToServer.Release();
        transport.ToClient.Release();
    }

    private static void After(int milliseconds, Action action) =>
        _ = Task.Delay(milliseconds).ContinueWith(_ => action(), TaskScheduler.Default);
}
