using Microsoft.Extensions.Logging;
using Smb3.Embedded.Storage.Physical.Options;

namespace Smb3.Embedded.Storage.Physical;

/// <summary>How a <see cref="PhysicalFileStore"/> treats its folder.</summary>
public sealed record PhysicalFileStoreOptions
{
    internal const int MaxLabel = 32;

    /// <summary>Whether nothing can be changed through this store.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>
    /// Whether names that differ only in case are different files. The default, <see langword="false"/>, is what Windows clients expect; on
    /// a case-sensitive file system a name is then looked up first as written, and after that in any other case.
    /// </summary>
    public bool CaseSensitive { get; init; }

    /// <summary>The volume's label, at most 32 UTF-16 units; <see langword="null"/>: the name of the folder.</summary>
    public string? Label { get; init; }

    /// <summary>Whether last access times move with the reads and writes of clients.</summary>
    public LastAccessUpdates LastAccess { get; init; }

    /// <summary>The greatest length, in bytes, that clients may give a file; the default is the limit of NTFS, 16 TiB − 64 KiB.</summary>
    public long MaxFileLength { get; init; } = 0xFFFFFFF0000;

    /// <summary>Permissions of new files, less the process's umask. Linux only.</summary>
    public UnixFileMode FileMode { get; init; } = (UnixFileMode)0b110_110_110;

    /// <summary>Permissions of new directories, less the process's umask. Linux only.</summary>
    public UnixFileMode DirectoryMode { get; init; } = (UnixFileMode)0b111_111_111;

    /// <summary>
    /// How many names in directories are remembered (about 25 bytes each), so that looking up a name that does not exist in any case
    /// need not read a large directory every time. Linux only.
    /// </summary>
    public int MaxRememberedNames { get; init; } = 1_000_000;

    /// <summary>Where earlier states of the folder are found; <see langword="null"/>: there are none.</summary>
    public PhysicalSnapshotOptions? Snapshots { get; init; }

    /// <summary>
    /// Whether the store counts what each owner of files uses, and can limit it (<see cref="IQuotaStore"/>). Linux only, on file systems with
    /// extended attributes. What is used is counted anew whenever the store is opened, in the background.
    /// </summary>
    public bool Quotas { get; init; }

    /// <summary>How often what is used is counted anew, because other programs change the folder too.</summary>
    public TimeSpan QuotaRecountInterval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Where the store reports problems that an administrator should look into, such as an attribute damaged by another program;
    /// <see langword="null"/>: nowhere. A share that names a folder uses the server's log.
    /// </summary>
    public ILogger? Logger { get; init; }

    /// <summary>For tests: the clock of quotas.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>For tests: which implementation is used.</summary>
    internal PhysicalBackend Backend { get; init; }

    /// <summary>The label of the volume that a folder makes.</summary>
    internal string LabelOf(string folder)
    {
        var label = Label ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return label.Length <= MaxLabel ? label : label[..MaxLabel];
    }
}
