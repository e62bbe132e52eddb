using Smb3.Embedded.Files.Caching;

namespace Smb3.Embedded;

/// <summary>What a client may cache of one file, by a lease or an oplock, at the time of the query.</summary>
public sealed record SmbActiveLease
{
    private readonly CacheGrant _grant;

    internal SmbActiveLease(CacheGrant grant, Guid clientGuid, string shareName, string path, IReadOnlyList<ulong> openIds)
    {
        _grant = grant;
        var (state, _, isBreaking) = grant.Show();
        ClientGuid = clientGuid;
        LeaseKey = grant.Lease?.Key;
        Caching = (SmbCaching)state;
        IsBreaking = isBreaking;
        ShareName = shareName;
        Path = path;
        OpenIds = openIds;
    }

    /// <summary>The client that holds it.</summary>
    public Guid ClientGuid { get; }

    /// <summary>The client's name for it, the same for all its opens; <see langword="null"/> for an oplock, which has one open.</summary>
    public Guid? LeaseKey { get; }

    /// <summary>Whether it is an oplock.</summary>
    public bool IsOplock => LeaseKey is null;

    /// <summary>What it allows.</summary>
    public SmbCaching Caching { get; }

    /// <summary>Whether the client has been asked to give some of it up and has not answered yet.</summary>
    public bool IsBreaking { get; }

    /// <summary>The share of its oldest open.</summary>
    public string ShareName { get; }

    /// <summary>The path from the root of the share.</summary>
    public string Path { get; }

    /// <summary>The opens that share it, the oldest first.</summary>
    public IReadOnlyList<ulong> OpenIds { get; }

    /// <summary>
    /// Asks the client to give it up, after writing back what it has cached. A client that does not answer within 35 seconds loses it. The
    /// opens stay. Does not wait for the answer.
    /// </summary>
    /// <returns>False when there was nothing left to give up.</returns>
    public ValueTask<bool> EndAsync() => new(_grant.File.Caching.Revoke(_grant));
}
