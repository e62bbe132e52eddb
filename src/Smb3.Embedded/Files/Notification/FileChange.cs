using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>One change that an open made on its volume.</summary>
/// <param name="Action">What happened to the name.</param>
/// <param name="Path">The name.</param>
/// <param name="Filter">The kinds of change that it was.</param>
internal readonly record struct FileChange(ChangeAction Action, StorePath Path, ChangeFilter Filter);
