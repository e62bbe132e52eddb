namespace Smb3.Embedded;

/// <summary>How the opens that an earlier process had left came back.</summary>
public sealed record SmbRecovery
{
    internal SmbRecovery()
    {
    }

    /// <summary>When the last of them were back.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How many came back, to wait for their clients.</summary>
    public required int Restored { get; init; }

    /// <summary>How many did not; the log says which, and why.</summary>
    public required int Dropped { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
