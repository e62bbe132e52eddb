using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>A share as the host wants it, and what of it is open. Changed in turn, by the collection that it belongs to.</summary>
/// <param name="options">What the host wants.</param>
internal sealed class HostedShare(SmbShareOptions options)
{
    public SmbShareOptions Options { get; } = options;

    public Volume? Volume { get; set; }

    public Share? Running { get; set; }

    /// <summary>On what terms a clustered share is served here.</summary>
    public OwnedVolume? Owned { get; set; }

    /// <summary>The share that it is a part of; <see langword="null"/>: none.</summary>
    public HostedShare? Whole { get; init; }

    /// <summary>The store that the share had until its place was given up.</summary>
    public IPlacedStore? Lost { get; set; }

    /// <summary>Whether the last attempt to open the place failed.</summary>
    public bool WasUnusable { get; set; }

    /// <summary>The problem that the log was last told.</summary>
    public string? ToldProblem { get; set; }

    /// <summary>Looks after the place.</summary>
    public PlaceKeeper Places { get; set; } = null!;

    /// <summary>The store that the share is on, or was on until its place was given up; null when it has no place.</summary>
    public IPlacedStore? Placed => Lost ?? Volume?.Place;

    /// <summary>Whether the share is not where it was opened, or could be opened again.</summary>
    public bool NeedsMending => Placed?.CheckPlace() is { } place
        && (Lost is null ? place != StorePlace.Same : place != StorePlace.Missing);

    /// <summary>What the log calls the place.</summary>
    public string Place => Options.Folder ?? (Placed as PhysicalFileStore)?.Folder ?? Options.Name;

    private IDfsRoot? RootOfParts => Volume?.Territory is { Seams.Count: > 0 } split ? new SeamRoot(split) : null;

    public Share Create(bool withFiles = true) => new()
    {
        Name = Options.Name,
        Comment = Options.Comment,
        Volume = withFiles ? Volume : null,
        ReadOnly = Options.ReadOnly || (Volume?.Store.Traits.Has(StoreAbilities.ReadOnly) ?? false),
        Encrypt = Options.Encrypt,
        Compress = Options.Compress,
        AllowGuest = Options.AllowGuest,
        AccessBasedEnumeration = Options.AccessBasedEnumeration,
        Hidden = Options.Hidden || Options.Part is not null,
        PartOf = Options.Part?.Whole,
        TimeMachine = Options.TimeMachine,
        Posix = Options.Posix,
        IsContinuouslyAvailable = Options.IsContinuous,
        IsClustered = Options.Clustered,
        MaxUsers = Options.MaxUsers,
        Permissions = SettingsFactory.CreatePermissions(Options),
        Dfs = Options.Namespace?.Root ?? (withFiles ? RootOfParts : null),
    };

    public SmbShareInfo Describe() => new(
        Options.Name,
        Options.Comment,
        Options.Folder,
        Options.ReadOnly,
        Options.Encrypt,
        Options.AllowGuest,
        Options.Hidden,
        Running?.CurrentUses ?? 0)
    {
        IsAvailable = Lost is null,
        Problem = Volume?.Problem,
        IsNamespace = Options.Namespace is not null,
        Compress = Options.Compress,
        IsTimeMachine = Options.TimeMachine,
        OpenCount = Volume?.OpenCount ?? 0,
        BytesRead = Volume?.Statistics.BytesRead ?? 0,
        BytesWritten = Volume?.Statistics.BytesWritten ?? 0,
    };
}
