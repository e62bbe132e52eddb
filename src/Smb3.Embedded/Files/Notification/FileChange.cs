using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>One change that an open made on its volume.</summary>
/// <param name="Action">What happened to the name.</param>
/// <param name="Path">The name.</param>
/// <param name="Filter">The kinds of change it was.</param>
/// <param name="Seers">
/// For a name that has gone: the watchers under access-based enumeration that saw it while it was there. <see langword="null"/>: there are
/// none, or it was not asked.
/// </param>
internal readonly record struct FileChange(
    ChangeAction Action, StorePath Path, ChangeFilter Filter, IReadOnlySet<DirectoryWatch>? Seers = null)
{
    /// <summary>Whether the name is gone, so that the file can no longer be looked at under it.</summary>
    public bool IsGone => Action is ChangeAction.Removed or ChangeAction.RenamedOldName;
}
