using System.Net;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>Tells the interfaces behind IPC$ what the graph knows.</summary>
internal sealed class PipeHost : IPipeHost
{
    private const uint DfsRoot = 0x0003; // SHI1005_FLAGS_DFS and SHI1005_FLAGS_DFS_ROOT
    private const uint AccessBasedEnumeration = 0x0800; // SHI1005_FLAGS_ACCESS_BASED_DIRECTORY_ENUM
    private const uint ContinuouslyAvailable = 0x4000; // SHI1005_FLAGS_ENABLE_CA
    private const uint CompressData = 0x0010_0000; // SHI1005_FLAGS_COMPRESS_DATA
    private const uint EncryptData = 0x8000; // SHI1005_FLAGS_ENCRYPT_DATA, MS-SRVS 2.2.4.29

    private readonly ServerGraph _graph;
    private readonly ServerSettings _settings;
    private readonly AccountDirectory _accounts;

    public PipeHost(ServerGraph graph, AccountDirectory accounts)
    {
        _graph = graph;
        _settings = graph.Settings;
        _accounts = accounts;
    }

    public string ServerName => _settings.ServerName;

    public string DomainName => _settings.DomainName;

    public string ServerComment => _settings.Comment;

    public Version OsVersion { get; } = new(10, 0);

    public Sid MachineSid => _accounts.MachineSid;

    public TimeSpan Uptime => TimeProvider.GetUtcNow() - _graph.StartedAt;

    public uint? MaxUsers => null;

    public TimeProvider TimeProvider => _settings.TimeProvider;

    public ValueTask<IReadOnlyList<PipeShare>> ListSharesAsync(RpcCaller caller, CancellationToken cancellation) =>
        new([.. _graph.Shares.Known.Where(share => !share.Hidden).Select(Describe)]);

    public ValueTask<IReadOnlyList<PipeSession>> ListSessionsAsync(CancellationToken cancellation)
    {
        var now = TimeProvider.GetUtcNow();
        return new([.. Sessions().Select(pair => new PipeSession(ClientName(pair.Session), pair.Identity.UserName)
        {
            OpenCount = (uint)pair.Session.Opens.Count,
            Active = now - pair.Session.CreatedAt,
            IsGuest = pair.Identity.IsGuest,
            DomainName = pair.Identity.DomainName,
        })]);
    }

    public ValueTask<IReadOnlyList<PipeTreeConnect>> ListTreeConnectsAsync(CancellationToken cancellation)
    {
        var now = TimeProvider.GetUtcNow();
        return new([.. from pair in Sessions()
                       from tree in pair.Session.Trees
                       select new PipeTreeConnect(
                           tree.TreeId, tree.Share.Name, TypeOf(tree.Share), ClientName(pair.Session), pair.Identity.UserName)
                       {
                           OpenCount = (uint)pair.Session.Opens.All.Count(open => open.TreeConnect == tree),
                           Active = now - pair.Session.CreatedAt,
                       }]);
    }

    public ValueTask<IReadOnlyList<PipeOpenFile>> ListOpenFilesAsync(CancellationToken cancellation) => new(
        [.. from pair in Sessions()
            from open in pair.Session.Opens.All
            select new PipeOpenFile((uint)open.FileId.Volatile, $"{PathOf(open.TreeConnect.Share)}\\{open.Name}", pair.Identity.UserName)]);

    public async ValueTask<PipeAccount?> ResolveSidAsync(Sid sid, CancellationToken cancellation) =>
        _accounts.Find(sid)
        ?? (_settings.Directory is { } directory && sid.Domain != MachineSid
            ? Describe((await directory.FindAsync(sid, cancellation).ConfigureAwait(false)).Value) : null);

    public async ValueTask<PipeAccount?> ResolveNameAsync(string? domain, string name, CancellationToken cancellation) =>
        await _accounts.FindAsync(domain, name, cancellation).ConfigureAwait(false)
        ?? (_settings.Directory is { } directory
            ? Describe((await directory.FindAsync(domain, name, cancellation).ConfigureAwait(false)).Value) : null);

    public bool OnlyAdministratorsSeeAccounts => _settings.OnlyAdministratorsSeeAccounts;

    public IReadOnlyList<PipeUser> ListUsers() => _accounts.ListUsers();

    public ValueTask<PipeUser?> FindUserAsync(string name, CancellationToken cancellation) => _accounts.FindUserAsync(name, cancellation);

    private static PipeAccount? Describe(SmbAccount? account) => account is null
        ? null : new(account.Sid, account.Name, account.DomainName, account.DomainSid, account.Use);

    private static PipeShare Describe(Share share) => new(share.Name, TypeOf(share))
    {
        IsSpecial = share.IsPipe || share.Name.EndsWith('$'),
        Comment = share.Comment,
        MaxUses = (uint?)share.MaxUsers,
        CurrentUses = (uint)share.CurrentUses,
        PathShown = PathOf(share),
        Flags = (share.Encrypt ? EncryptData : 0)
            | (share.Compress ? CompressData : 0)
            | (share.Dfs is not null ? DfsRoot : 0)
            | (share.IsContinuouslyAvailable ? ContinuouslyAvailable : 0)
            | (share.AccessBasedEnumeration ? AccessBasedEnumeration : 0),
    };

    private static PipeShareType TypeOf(Share share) => share.IsPipe ? PipeShareType.Ipc : PipeShareType.Disk;

    // Clients need not know where the files really are, but programs expect something that looks like a path.
    private static string PathOf(Share share) => share.IsPipe ? string.Empty : $"C:\\{share.Name}";

    private static string ClientName(Session session) =>
        session.Identity is { WorkstationName.Length: > 0 } identity ? identity.WorkstationName
            : ((session.Origin.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None).ToString();

    private IEnumerable<(Session Session, SmbIdentity Identity)> Sessions() =>
        from session in _graph.Sessions
        where session.IsEstablished && session.Identity is not null
        select (session, session.Identity);
}
