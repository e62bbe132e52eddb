using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>What a run with a server that dies is.</summary>
internal sealed record CrashSettings
{
    public required RunSettings Run { get; init; }

    /// <summary>The folder that is shared, as it is on the disk.</summary>
    public required string Folder { get; init; }

    /// <summary>How often the server is killed; null: until the time is over.</summary>
    public int? Kills { get; init; }

    /// <summary>How long a handle waits for its client: much longer than the server is ever away.</summary>
    public TimeSpan HandleTime { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>How long one thing may take a client, with all that goes wrong meanwhile.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How to make it happen again.</summary>
    /// <param name="program">The word that the program begins with.</param>
    public string Command(string program) =>
        $"dotnet run -c Release --project tests/Smb3.Embedded.Contention -- {program} --seed {Run.Seed} --clients {Run.Clients} "
        + (Kills is { } kills ? $"--kills {kills}" : $"--seconds {Run.Time.TotalSeconds:f0}");
}
