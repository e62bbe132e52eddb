namespace Smb3.Embedded.Discovery.Links;

/// <summary>What is told of a server over mDNS, whatever the link.</summary>
/// <param name="Instance">The name that people see; at most 63 bytes of UTF-8.</param>
/// <param name="Host">The label of the host's name below <c>local</c>: letters, digits and hyphens.</param>
/// <param name="Model">The Mac whose icon is shown; empty: none.</param>
/// <param name="TimeMachine">The names of the shares for Time Machine.</param>
internal sealed record Announcement(string Instance, string Host, string Model, IReadOnlyList<string> TimeMachine)
{
    public bool IsLike(Announcement other) =>
        Instance == other.Instance && Host == other.Host && Model == other.Model && TimeMachine.SequenceEqual(other.TimeMachine);
}
