namespace Smb3.Embedded.Contention.Power;

/// <summary>An operation of a client that was answered.</summary>
/// <param name="Position">How far the log of the disk was then.</param>
/// <param name="What">What it did.</param>
/// <param name="State">How its folder is after it.</param>
internal sealed record Step(long Position, string What, FolderState State)
{
    /// <summary>The first word of what it did.</summary>
    public string Kind => What.Split(' ')[0];
}
