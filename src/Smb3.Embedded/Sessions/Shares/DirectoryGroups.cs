using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Directory;

namespace Smb3.Embedded.Sessions.Shares;

/// <summary>
/// The groups of a directory that permissions of a share name, <c>DOMAIN\group</c> or <c>group@domain</c>: users of the directory come with the SIDs
/// of their groups, so the names must be translated. Asked for at each tree connect, which costs nothing while the answers are remembered.
/// </summary>
internal sealed class DirectoryGroups
{
    private readonly (string Text, string Domain, string Name)[] _names;
    private volatile State? _state;

    /// <param name="names">All groups that the permissions name.</param>
    public DirectoryGroups(IEnumerable<string> names) =>
        _names = [.. from text in names let split = Split(text) where split is not null select (text, split.Value.Domain, split.Value.Name)];

    /// <summary>
    /// Whether every name is known, to be a group or to be none. True as well when nobody has asked: then there is no directory, because where there
    /// is one it is asked before the permissions of a share count for anybody (<see cref="Share.KnowGroupsAsync"/>).
    /// </summary>
    public bool AreKnown => _names.Length == 0 || _state is null or { IsComplete: true };

    /// <summary>The name of a group by which permissions have it; null when they do not.</summary>
    /// <param name="sid">The group's SID as text.</param>
    public string? NameOf(string sid) => _state?.Names.GetValueOrDefault(sid);

    /// <summary>Asks the directory for what is not known yet. One that does not answer leaves what was known before.</summary>
    public ValueTask KnowAsync(DirectoryAccounts? directory, CancellationToken cancellationToken) =>
        _names.Length == 0 || directory is null ? ValueTask.CompletedTask : AskAsync(directory, cancellationToken);

    private async ValueTask AskAsync(DirectoryAccounts directory, CancellationToken cancellationToken)
    {
        var before = _state;
        var names = new Dictionary<string, string>();
        var sids = new Dictionary<string, string?>();
        foreach (var (text, domain, name) in _names)
        {
            var answer = await directory.FindAsync(domain, name, cancellationToken).ConfigureAwait(false);
            if (answer.IsKnown)
            {
                sids[text] = answer.Value is { Use: SidNameUse.Group or SidNameUse.Alias } group ? group.Sid.ToString() : null;
            }
            else if (before?.Sids.TryGetValue(text, out var earlier) == true)
            {
                sids[text] = earlier;
            }

            if (sids.GetValueOrDefault(text) is { } sid)
            {
                names[sid] = text;
            }
        }

        _state = new State(names, sids, sids.Count == _names.Length);
    }

    private static (string Domain, string Name)? Split(string text)
    {
        var slash = text.IndexOf('\\', StringComparison.Ordinal);
        if (slash > 0 && slash < text.Length - 1)
        {
            return (text[..slash], text[(slash + 1)..]);
        }

        var at = text.LastIndexOf('@');
        return slash < 0 && at > 0 && at < text.Length - 1 ? (text[(at + 1)..], text[..at]) : null;
    }

    private sealed record State(Dictionary<string, string> Names, Dictionary<string, string?> Sids, bool IsComplete);
}
