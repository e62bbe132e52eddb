using Smb3.Embedded.Files.Journaling;

namespace Smb3.Embedded;

/// <summary>How the state of what clients have open is kept for a folder or store that is continuously available.</summary>
public sealed record SmbKeptState
{
    /// <summary>A commit that takes this long, or has taken this long so far, is slow.</summary>
    public static TimeSpan SlowAfter { get; } = TimeSpan.FromSeconds(1);

    internal SmbKeptState(StateJournal journal)
    {
        var health = journal.Health;
        Name = journal.Name;
        Records = journal.Records;
        Commits = health.Commits;
        Changes = health.Changes;
        Failures = health.Failures;
        LastDuration = health.LastDuration;
        LastSize = health.LastSize;
        Waiting = health.Waiting;
        Failure = health.Failure;
    }

    /// <summary>The folder, or a share of the store.</summary>
    public string Name { get; }

    /// <summary>How many opens are kept.</summary>
    public int Records { get; }

    /// <summary>How many commits of the state store have succeeded.</summary>
    public long Commits { get; }

    /// <summary>How many changes these have kept: what many clients change at the same time shares a commit.</summary>
    public long Changes { get; }

    /// <summary>How many commits have failed; they are tried again.</summary>
    public long Failures { get; }

    /// <summary>How long the last commit took.</summary>
    public TimeSpan LastDuration { get; }

    /// <summary>How many changes the last commit kept.</summary>
    public int LastSize { get; }

    /// <summary>For how long the commit that runs now has been running; zero if none is.</summary>
    public TimeSpan Waiting { get; }

    /// <summary>Why the last commit failed; <see langword="null"/> if it did not. Requests that must be kept fail meanwhile.</summary>
    public string? Failure { get; }

    /// <summary>Whether commits fail or are slow.</summary>
    public bool IsImpaired => Failure is not null || LastDuration > SlowAfter || Waiting > SlowAfter;
}
