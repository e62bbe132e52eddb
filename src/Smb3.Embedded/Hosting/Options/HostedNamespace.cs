using Smb3.Embedded.Dfs;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>A namespace as the host gave it, and what is made of it: a share.</summary>
internal sealed class HostedNamespace
{
    private readonly TimeProvider _time;
    private readonly NamespaceStore _store;
    private volatile SmbNamespaceOptions _options;

    /// <param name="options">Checked, and the host's no longer.</param>
    /// <param name="time">The clock.</param>
    public HostedNamespace(SmbNamespaceOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        Root = new DfsNamespace(options.Name, ContentsOf(options), FileTime.From(time.GetUtcNow()));
        _store = new NamespaceStore(Root);
    }

    public SmbNamespaceOptions Options => _options;

    public DfsNamespace Root { get; }

    /// <summary>The share that it is.</summary>
    public SmbShareOptions ToShare()
    {
        var options = _options;
        var share = new SmbShareOptions
        {
            Name = options.Name,
            Comment = options.Comment,
            Store = _store,
            ReadOnly = true,
            Encrypt = options.Encrypt,
            AllowGuest = options.AllowGuest,
            Hidden = options.Hidden,
            MaxUsers = options.MaxUsers,
            Others = options.Others,
            Namespace = this,
        };
        foreach (var (name, access) in options.Users)
        {
            share.Users[name] = access;
        }

        foreach (var (name, access) in options.Groups)
        {
            share.Groups[name] = access;
        }

        return share;
    }

    /// <summary>
    /// Takes over the links and targets of <paramref name="changed"/>, if there is nothing else that differs: nobody's use of it ends.
    /// </summary>
    public bool TryChange(SmbNamespaceOptions changed)
    {
        var now = _options;
        if (changed.Name != now.Name || changed.Comment != now.Comment || changed.Encrypt != now.Encrypt
            || changed.AllowGuest != now.AllowGuest || changed.Hidden != now.Hidden || changed.MaxUsers != now.MaxUsers
            || changed.Others != now.Others || !IsSame(changed.Users, now.Users) || !IsSame(changed.Groups, now.Groups))
        {
            return false;
        }

        Root.Replace(ContentsOf(changed), FileTime.From(_time.GetUtcNow()));
        _options = changed;
        return true;
    }

    private static bool IsSame(IDictionary<string, SmbShareAccess> one, IDictionary<string, SmbShareAccess> other) =>
        one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var access) && access == pair.Value);

    private static DfsContents ContentsOf(SmbNamespaceOptions options) => new()
    {
        Links =
        [
            .. options.Links.Select(static link => new DfsLink(
                NamespacePaths.OfLink(link.Path), new FixedTargets(Online(link.Targets), link.TimeToLive))
            {
                IsInterlink = link.LeadsToNamespace,
            })
        ],
        Roots = options.Targets.Count == 0 ? null : new FixedTargets(Online(options.Targets), options.TimeToLive),
        TimeToLive = options.TimeToLive,
        TargetFailback = options.TargetFailback,
    };

    private static List<DfsTarget> Online(IEnumerable<SmbNamespaceTarget> targets) =>
    [
        .. targets.Where(static target => target.IsOnline).Select(static target => new DfsTarget(NamespacePaths.OfTarget(target.Path))
        {
            PriorityClass = target.PriorityClass,
            PriorityRank = target.PriorityRank,
        })
    ];
}
