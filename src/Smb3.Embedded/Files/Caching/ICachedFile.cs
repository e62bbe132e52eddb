using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Caching;

/// <summary>A file that clients cache, as its oplocks and leases see it.</summary>
internal interface ICachedFile
{
    /// <summary>Guards all that changes of it. Held for moments, never across an await.</summary>
    Lock Sync { get; }

    /// <summary>Its oplocks and leases.</summary>
    FileCaching Caching { get; }

    /// <summary>Whether it is a directory.</summary>
    bool IsDirectory { get; }

    /// <summary>The clock.</summary>
    TimeProvider Time { get; }

    /// <summary>How long its clients have to answer breaks.</summary>
    BreakDeadlines BreakDeadlines { get; }

    /// <summary>Whether any byte-range lock begins before <paramref name="extent"/>.</summary>
    bool AnyLockBefore(long extent);

    /// <summary>Whether anybody can tell what other programs of the machine do with it.</summary>
    bool IsNoticed { get; }

    /// <summary>Lets the store tell what other programs of the machine do with it; <see langword="null"/>: nobody notices.</summary>
    IOutsideGuard? Guard(IStoreFile handle, Action<OutsideUse> hear);

    /// <summary>Completes when what was changed of it before is safe.</summary>
    ValueTask CommitAsync();

    /// <summary>Whether any open does something just now.</summary>
    bool IsBusy();

    /// <summary>When it changed last; <see langword="null"/> when that cannot be learned.</summary>
    ValueTask<FileTime?> ReadChangeTimeAsync();
}
