namespace Smb3.Embedded.Fuzzing.Cases;

/// <summary>A server and what is done to it: everything that it takes to see a failure again.</summary>
internal sealed record FuzzCase(Setting Setting, IReadOnlyList<Step> Steps)
{
    /// <summary>What went wrong when it was written down; nothing in a case that must pass.</summary>
    public string? Failure { get; init; }

    public int MessageCount => Steps.Sum(step => step is FrameStep frame ? frame.Messages.Length : 1);
}
