namespace Smb3.Embedded.Files.Journaling;

/// <summary>How the commits of a journal have gone.</summary>
internal sealed record JournalHealth
{
    /// <summary>Nothing has gone wrong yet.</summary>
    public static JournalHealth Fine { get; } = new();

    /// <summary>How many commits have succeeded.</summary>
    public long Commits { get; init; }

    /// <summary>How many changes they have kept.</summary>
    public long Changes { get; init; }

    /// <summary>How many commits have failed.</summary>
    public long Failures { get; init; }

    /// <summary>How long the last commit took.</summary>
    public TimeSpan LastDuration { get; init; }

    /// <summary>How many changes the last commit kept.</summary>
    public int LastSize { get; init; }

    /// <summary>Why the last commit failed; <see langword="null"/> if it succeeded.</summary>
    public string? Failure { get; init; }

    /// <summary>How long the commit that runs now has taken so far; zero if none does.</summary>
    public TimeSpan Waiting { get; init; }

    /// <summary>A commit has succeeded.</summary>
    public JournalHealth Succeeded(int changes, TimeSpan took) => this with
    {
        Commits = Commits + 1,
        Changes = Changes + changes,
        LastDuration = took,
        LastSize = changes,
        Failure = null,
    };

    /// <summary>A commit has failed.</summary>
    public JournalHealth Failed(string why, TimeSpan took) => this with { Failures = Failures + 1, LastDuration = took, Failure = why };
}
