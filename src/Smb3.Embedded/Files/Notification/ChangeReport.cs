using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Notification;

/// <summary>One change as it is reported to a watcher (MS-FSCC 2.7.1).</summary>
/// <param name="Action">What happened.</param>
/// <param name="Name">The name, relative to the watched directory.</param>
internal readonly record struct ChangeEntry(ChangeAction Action, string Name);

/// <summary>The answer to one request of a watcher.</summary>
/// <param name="Status">
/// Success; NOTIFY_ENUM_DIR when more happened than fits; NOTIFY_CLEANUP, DELETE_PENDING or CANCELLED when the wait is over.
/// </param>
/// <param name="Changes">What happened, in order; empty without success.</param>
internal readonly record struct ChangeReport(NtStatus Status, IReadOnlyList<ChangeEntry> Changes)
{
    /// <summary>An answer without changes.</summary>
    public static implicit operator ChangeReport(NtStatus status) => new(status, []);
}
