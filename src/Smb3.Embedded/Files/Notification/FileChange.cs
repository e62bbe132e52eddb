using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>One change that an open made on its volume.</summary>
/// <param name="Action">What happened to the name.</param>
/// <param name="Path">The name.</param>
/// <param name="Filter">The kinds of change that it was.</param>
/// <param name="Seers">
/// Of a name that has gone: those watchers under access-based enumeration who saw it while it was there. <see langword="null"/>: none,
/// or nobody has asked.
/// </param>
internal readonly record struct FileChange(
    ChangeAction Action, StorePath Path, ChangeFilter Filter, IReadOnlySet<DirectoryWatch>? Seers = null)
{
    /// <summary>Whether it is the end of the name, so that nobody can look at the file under it any more.</summary>
    public bool IsGone => Action is ChangeAction.Removed or ChangeAction.RenamedOldName;
}
