namespace Smb3.Embedded;

/// <summary>
/// A stand-alone DFS namespace: a share that holds nothing but folders, and links that send clients to shares elsewhere. Its name is among
/// those of the shares.
/// </summary>
public sealed class SmbNamespaceOptions
{
    /// <summary>The name; clients connect to <c>\\server\name</c>. At most 80 characters.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>A comment that clients show; at most 256 characters.</summary>
    public string Comment { get; set; } = string.Empty;

    /// <summary>The links.</summary>
    public IList<SmbNamespaceLink> Links { get; } = [];

    /// <summary>
    /// The servers that have this namespace, each with the same links. When it is empty: this one, by whatever name a client knows it.
    /// </summary>
    public IList<SmbNamespaceTarget> Targets { get; } = [];

    /// <summary>How long clients rely on what they were told of <see cref="Targets"/>. 1 second to 1 year. Default 5 minutes.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether clients go back to a better target when it is there again. Default no.</summary>
    public bool TargetFailback { get; set; }

    /// <summary>Whether everything on it must be encrypted. What clients are told of links goes over <c>IPC$</c>, as the session has it.</summary>
    public bool Encrypt { get; set; }

    /// <summary>Whether guests and anonymous clients may use it.</summary>
    public bool AllowGuest { get; set; }

    /// <summary>Whether it is left out of the list of shares.</summary>
    public bool Hidden { get; set; }

    /// <summary>The most tree connects it can have at the same time; <see langword="null"/>: any number.</summary>
    public int? MaxUsers { get; set; }

    /// <summary>Which users may use it: those with any access. What they may do at a target is the target's to say.</summary>
    public IDictionary<string, SmbShareAccess> Users { get; } = new Dictionary<string, SmbShareAccess>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Which groups may use it.</summary>
    public IDictionary<string, SmbShareAccess> Groups { get; } = new Dictionary<string, SmbShareAccess>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Access of all users who are named in neither. When it is not set: <see cref="SmbShareAccess.Full"/> if no user and no group is named,
    /// otherwise <see cref="SmbShareAccess.None"/>.
    /// </summary>
    public SmbShareAccess? Others { get; set; }

    /// <summary>Adds a link.</summary>
    /// <param name="path">Its place in the namespace, such as <c>docs</c> or <c>teams\one\plans</c>.</param>
    /// <param name="targets">Where its files are: <c>\\server\share</c>, or folders below.</param>
    /// <returns>The namespace, for more of them.</returns>
    public SmbNamespaceOptions Link(string path, params IEnumerable<string> targets) => Link(path, link =>
    {
        foreach (var target in targets)
        {
            link.Targets.Add(new SmbNamespaceTarget { Path = target });
        }
    });

    /// <summary>Adds a link.</summary>
    /// <param name="path">Its place in the namespace, such as <c>docs</c> or <c>teams\one\plans</c>.</param>
    /// <param name="configure">Sets its targets and the rest.</param>
    /// <returns>The namespace, for more of them.</returns>
    public SmbNamespaceOptions Link(string path, Action<SmbNamespaceLink> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var link = new SmbNamespaceLink { Path = path };
        configure(link);
        Links.Add(link);
        return this;
    }

    internal SmbNamespaceOptions Clone()
    {
        var clone = new SmbNamespaceOptions
        {
            Name = Name,
            Comment = Comment,
            TimeToLive = TimeToLive,
            TargetFailback = TargetFailback,
            Encrypt = Encrypt,
            AllowGuest = AllowGuest,
            Hidden = Hidden,
            MaxUsers = MaxUsers,
            Others = Others,
        };
        foreach (var link in Links)
        {
            clone.Links.Add(link.Clone());
        }

        foreach (var target in Targets)
        {
            clone.Targets.Add(target.Clone());
        }

        foreach (var (name, access) in Users)
        {
            clone.Users[name] = access;
        }

        foreach (var (name, access) in Groups)
        {
            clone.Groups[name] = access;
        }

        return clone;
    }
}
