using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Caching;

/// <summary>An open whose client caches, or could. Guarded by the file's lock.</summary>
internal interface ICachingOpen
{
    /// <summary>The oplock or lease that it has; set when the open is added to its file's table, and kept afterwards.</summary>
    CacheGrant? Grant { get; set; }

    /// <summary>Where breaks of <see cref="Grant"/> go.</summary>
    IBreakSink? BreakSink { get; set; }

    /// <summary>Its place among the opens of <see cref="Grant"/>.</summary>
    LinkedListNode<ICachingOpen>? GrantPlace { get; set; }

    /// <summary>The rights that it has.</summary>
    FileAccessMask GrantedAccess { get; }

    /// <summary>Its caching has changed.</summary>
    void CachingChanged();

    /// <summary>The store's handle.</summary>
    IStoreFile Handle { get; }
}
