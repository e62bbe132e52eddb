namespace Smb3.Embedded.Storage.Physical;

/// <summary>
/// Where a <see cref="PhysicalFileStore"/> finds earlier states of its folder: a folder with one subfolder for each snapshot, as btrfs, ZFS
/// (<c>.zfs/snapshot</c>) and plain copies have it.
/// </summary>
public sealed record PhysicalSnapshotOptions
{
    /// <summary>The folder with the snapshots. It may appear and disappear; without it there are no snapshots.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// The names of the snapshots as a custom .NET date format, such as <c>'daily-'yyyy-MM-dd'T'HHmm</c>. <see langword="null"/>: the
    /// first date in a name counts (year, month, day, and hour, minute and second if they follow), whatever surrounds it. Folders whose
    /// names have no date are not snapshots.
    /// </summary>
    public string? NameFormat { get; init; }

    /// <summary>Whether the names give the machine's local time rather than UTC.</summary>
    public bool IsLocalTime { get; init; }

    /// <summary>
    /// Where in a snapshot the shared folder is, such as <c>home/public</c> when a snapshot covers the whole file system; empty: it is
    /// the snapshot's folder itself.
    /// </summary>
    public string Subfolder { get; init; } = string.Empty;
}
