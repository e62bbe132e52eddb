using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>Looks for what is left when every client has closed everything and logged off: no open, no record.</summary>
internal sealed class Leftovers(ServerPlace place, ServerLives lives, RunReport report)
{
    private const string Who = "the state";

    public async Task FindAsync()
    {
        if (lives.Kills > 0 && !lives.HasSeenRecords)
        {
            report.Wrong(Who, "there was never a record in it");
        }

        await lives.StopAsync();
        foreach (var record in await place.ReadStateAsync())
        {
            report.Wrong(Who, $"a record is left: {record.Key}, {record.Value.Length} bytes");
        }

        // And no process finds anything that it would have to bring back.
        await lives.StartAsync();
        foreach (var line in (await lives.StopAsync()).Where(static line => line.Contains("are back from before", StringComparison.Ordinal)))
        {
            report.Wrong(Who, "another start says: " + line.Trim());
        }
    }
}
