namespace Smb3.Embedded.Pipes.Host;

/// <summary>A user of the server's own, as the Security Account Manager shows it.</summary>
/// <param name="Account">The name and the SID, which is under the server's own.</param>
/// <param name="Groups">The groups that the user is in: the server's own, and those of BUILTIN.</param>
internal sealed record PipeUser(PipeAccount Account, IReadOnlyList<PipeAccount> Groups)
{
    /// <summary>The name to show; empty for none.</summary>
    public string FullName { get; init; } = "";

    /// <summary>Whether logging on is refused.</summary>
    public bool IsDisabled { get; init; }
}
