using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A store with <see cref="StoreAbilities.Snapshots"/>: what it held at earlier times can still be read. Clients see that as previous
/// versions (<c>@GMT-2030.01.31-23.59.59</c> in a path, the Previous Versions page of Explorer).
/// </summary>
public interface ISnapshotStore
{
    /// <summary>The times of the current snapshots, in any order. Clients tell them apart by whole seconds.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<IReadOnlyList<DateTimeOffset>>> ListSnapshotsAsync(CancellationToken cancellationToken);

    /// <summary>The store as it was.</summary>
    /// <param name="time">One of the listed times; fractions of a second are ignored.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// A store with <see cref="StoreAbilities.ReadOnly"/>, the same object for as long as there is the snapshot; it stays this store's,
    /// nobody else disposes it. Or OBJECT_NAME_NOT_FOUND when there is none of that time.
    /// </returns>
    ValueTask<NtResult<IFileStore>> OpenSnapshotAsync(DateTimeOffset time, CancellationToken cancellationToken);
}
