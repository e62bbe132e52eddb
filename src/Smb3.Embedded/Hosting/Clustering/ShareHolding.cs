using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>What a node has to do with a clustered share.</summary>
internal enum HoldingPhase
{
    /// <summary>Nothing: another node has it, or none.</summary>
    Away,

    /// <summary>It was taken, and is being opened.</summary>
    Opening,

    /// <summary>It is served here.</summary>
    Serving,

    /// <summary>It is being given up, or was lost.</summary>
    Leaving,
}

/// <summary>A clustered share as this node has it. One task works on it at a time.</summary>
/// <param name="share">Its name.</param>
internal sealed class ShareHolding(string share)
{
    private volatile HoldingPhase _phase;
    private volatile bool _isTakenOver;

    public string Share { get; } = share;

    public HoldingPhase Phase
    {
        get => _phase;
        set => _phase = value;
    }

    /// <summary>On what terms it is owned; <see langword="null"/> while it is not.</summary>
    public ClusterOwnership? Ownership { get; set; }

    /// <summary>The membership under which it was taken.</summary>
    public MemberTerm? Term { get; set; }

    /// <summary>Whether its journal was told that another node has it.</summary>
    public bool IsTakenOver
    {
        get => _isTakenOver;
        set => _isTakenOver = value;
    }

    /// <summary>Whether it is counted as served here.</summary>
    public bool WasServed { get; set; }

    /// <summary>Whether it is counted as a part of a share.</summary>
    public bool IsPart { get; set; }

    /// <summary>When it was first seen without an owner, as a timestamp; 0: it has one.</summary>
    public long FreeSince { get; set; }

    /// <summary>When it may be taken again after it could not be opened, as a timestamp.</summary>
    public long RetryAt { get; set; }

    /// <summary>What is to be done with it as soon as nothing else is; <see langword="null"/>: nothing.</summary>
    public ShareInterruption? Interruption { get; set; }

    /// <summary>What is being done with it. Never fails.</summary>
    public Task Work { get; set; } = Task.CompletedTask;
}
