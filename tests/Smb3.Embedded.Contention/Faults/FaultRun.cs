using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>Clients with one channel, with two, and so on, whose channels fail all the time.</summary>
internal sealed class FaultRun(RunSettings settings, WriteLedger ledger, RunReport report)
{
    public async Task RunAsync()
    {
        await using (var connection = await settings.OpenAsync())
        {
            var tree = await (await connection.LogOnAsync(settings.User, settings.Password)).ConnectAsync(settings.Share);
            await (await tree.OpenAsync(settings.Folder, options: Nt.CreateOptions.DirectoryFile)).CloseAsync();
        }

        using var ended = new CancellationTokenSource();
        var progress = report.ShowProgressAsync(ended.Token);
        var rival = Task.Run(new Rival(settings, report).RunAsync);
        await Task.WhenAll(Enumerable.Range(1, settings.Clients).Select(number => Task.Run(() => RunClientAsync(number))));
        await rival;
        await ended.CancelAsync();
        await progress;
        if (ledger.Torn > 0)
        {
            report.Wrong("the store", $"{ledger.Torn} writes of another size than they were sent with");
        }
    }

    private async Task RunClientAsync(int number)
    {
        using var client = new FaultyClient(
            number, new FaultSettings { Run = settings, Channels = ((number - 1) % 8) + 1 }, ledger, report);
        await client.RunAsync();
    }
}
