using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Journaling;

namespace Smb3.Embedded.Files;

/// <summary>The behavior of one <see cref="Volume"/> where NT leaves a choice.</summary>
internal sealed record VolumeOptions
{
    /// <summary>What the log calls the volume: its folder, or a share on it.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The log for failures of the store that can no longer be reported to a client.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The metrics in which they are counted.</summary>
    public ServerMetrics? Metrics { get; init; }

    /// <summary>The clock of every time stamp that the volume sets itself.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// Directories with at most this many matching entries are listed in order of name, as NTFS does; larger ones in the store's order.
    /// </summary>
    public int SortedListingLimit { get; init; } = 4096;

    /// <summary>
    /// How long a client has to answer the break of an oplock or lease. After that the client caches nothing, and waiting requests go on.
    /// </summary>
    public TimeSpan BreakTimeout { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>
    /// The longest a CREATE waits for an open that is in its way to be closed, when the connection of that open has already ended.
    /// </summary>
    public TimeSpan LeavePatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether a client's cache of a file ends when another program on the machine uses the file.</summary>
    public bool NoticesLocalPrograms { get; init; }

    /// <summary>Whether such programs are held back until clients have given up what they cache, where that is possible.</summary>
    public bool HoldsLocalPrograms { get; init; }

    /// <summary>
    /// The longest a CREATE waits for another program on the machine to let go of the file. Linux takes a lease away from a program that
    /// does not let go after 45 s, unless its administrator has set another time.
    /// </summary>
    public TimeSpan LocalLeasePatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The journal for opens that outlive their process; <see langword="null"/> if none does.</summary>
    public IOpenJournal? Journal { get; init; }

    /// <summary>
    /// Whether a change is answered only when it survives a loss of power: of data, of what a file is and of names, whether or not the
    /// client asks for it (FILE_WRITE_THROUGH).
    /// </summary>
    public bool WritesThrough { get; init; }

    /// <summary>How long the files are this server's; <see langword="null"/>: always.</summary>
    public OwnerLease? Lease { get; init; }

    /// <summary>The fence, if the journal has it too; <see langword="null"/>: the volume makes one of its own.</summary>
    public StoreFence? Fence { get; init; }

    /// <summary>
    /// The most byte-range locks that an open can have which outlives the process: each change of one writes all of them to the journal.
    /// </summary>
    public int MaxKeptLocks { get; init; } = 4096;

    /// <summary>Whether the streams in which macOS keeps Finder info and resource forks are what they are on a Mac.</summary>
    public bool ServesMacs { get; init; } = true;

    /// <summary>Whether it is counted in which folders files are open, and what is read and written there.</summary>
    public bool CountsFolders { get; init; }

    /// <summary>The most byte-range locks that one file can have, granted and waiting together.</summary>
    public int MaxLocksPerFile { get; init; } = 65_536;
}
