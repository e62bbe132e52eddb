using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Journaling;

namespace Smb3.Embedded.Files;

/// <summary>What one <see cref="Volume"/> does where NT leaves a choice.</summary>
internal sealed record VolumeOptions
{
    /// <summary>What the log calls the volume: its folder, or a share on it.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>Where it is told what the store refused when no client could be told any more.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Where that is counted.</summary>
    public ServerMetrics? Metrics { get; init; }

    /// <summary>The clock of every time stamp that the volume sets itself.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// How long after the first write of a handle the last-write time that handles see moves on. NTFS up to Windows Server 2016 waits,
    /// later ones do not; programs that compare times after a save rely on either. Zero: every write shows at once.
    /// </summary>
    public TimeSpan WriteTimeDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Directories with at most this many matching entries are listed in order of name, as NTFS does; larger ones in the store's order.
    /// </summary>
    public int SortedListingLimit { get; init; } = 4096;

    /// <summary>
    /// How long a client has to answer the break of an oplock or lease. After it the client caches nothing, and who waited goes on.
    /// </summary>
    public TimeSpan BreakTimeout { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>
    /// How long a CREATE waits at most for an open that is in its way to be closed, when the connection of that open has already ended.
    /// </summary>
    public TimeSpan LeavePatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether what other programs of the machine do with a file ends what clients cache of it.</summary>
    public bool NoticesLocalPrograms { get; init; }

    /// <summary>Whether such programs are held back until clients have given up what they cache, where that can be had.</summary>
    public bool HoldsLocalPrograms { get; init; }

    /// <summary>
    /// How long a CREATE waits at most for another program of the machine to let go of the file. Linux takes a lease away from a program
    /// that does not after 45 s, unless its administrator says otherwise.
    /// </summary>
    public TimeSpan LocalLeasePatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Where opens are kept that outlive their process; <see langword="null"/>: none does.</summary>
    public IOpenJournal? Journal { get; init; }

    /// <summary>Byte-range locks that one file can hold at most, granted and waiting together.</summary>
    public int MaxLocksPerFile { get; init; } = 65_536;
}
