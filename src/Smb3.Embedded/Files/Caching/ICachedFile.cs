using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Caching;

/// <summary>A file that clients may cache, as its oplocks and leases see it.</summary>
internal interface ICachedFile
{
    /// <summary>Guards everything about it that changes. Held only briefly, never across an await.</summary>
    Lock Sync { get; }

    /// <summary>Its oplocks and leases.</summary>
    FileCaching Caching { get; }

    /// <summary>Whether it is another server's now: what its clients cache of it is known there, and counts no more here.</summary>
    bool IsAbandoned { get; }

    /// <summary>Whether it is a directory.</summary>
    bool IsDirectory { get; }

    /// <summary>The clock.</summary>
    TimeProvider Time { get; }

    /// <summary>How long its clients have to answer breaks.</summary>
    BreakDeadlines BreakDeadlines { get; }

    /// <summary>Whether any byte-range lock begins before <paramref name="extent"/>.</summary>
    bool AnyLockBefore(long extent);

    /// <summary>Whether it is possible to tell what other programs on the machine do with it.</summary>
    bool IsNoticed { get; }

    /// <summary>Lets the store report what other programs on the machine do with it; <see langword="null"/> if it cannot.</summary>
    IOutsideGuard? Guard(IStoreFile handle, Action<OutsideUse> hear);

    /// <summary>Sends the breaks that a journal keeps; <see langword="null"/> where there is none.</summary>
    KeptBreaks? KeptBreaks { get; }

    /// <summary>Completes when all earlier changes of it are safe, or could not be made so.</summary>
    ValueTask<NtStatus> CommitAsync();

    /// <summary>Whether an operation is running on any of its opens right now.</summary>
    bool IsBusy();

    /// <summary>When it last changed; <see langword="null"/> if that cannot be learned.</summary>
    ValueTask<FileTime?> ReadChangeTimeAsync();
}
