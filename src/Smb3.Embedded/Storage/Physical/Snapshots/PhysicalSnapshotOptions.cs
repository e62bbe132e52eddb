namespace Smb3.Embedded.Storage.Physical;

/// <summary>
/// Where a <see cref="PhysicalFileStore"/> finds what its folder held earlier: a folder with one folder for each snapshot, as btrfs, ZFS
/// (<c>.zfs/snapshot</c>) and plain copies have it.
/// </summary>
public sealed record PhysicalSnapshotOptions
{
    /// <summary>The folder with the snapshots. It may come and go; without it there are no snapshots.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// The names of the snapshots as a custom date format of .NET, such as <c>'daily-'yyyy-MM-dd'T'HHmm</c>. <see langword="null"/>: the
    /// first date in a name counts (year, month, day, and hour, minute and second if they follow), whatever stands around it. Folders
    /// whose names have no date are no snapshots.
    /// </summary>
    public string? NameFormat { get; init; }

    /// <summary>Whether the names tell the machine's local time rather than UTC.</summary>
    public bool IsLocalTime { get; init; }

    /// <summary>
    /// Where in a snapshot the shared folder is, such as <c>home/public</c> when a snapshot is one of the whole file system; empty: it is
    /// the snapshot's folder itself.
    /// </summary>
    public string Subfolder { get; init; } = string.Empty;
}
