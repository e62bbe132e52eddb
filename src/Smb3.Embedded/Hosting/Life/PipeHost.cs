using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;

namespace Smb3.Embedded.Hosting;

/// <summary>Tells the interfaces behind IPC$ what the graph knows.</summary>
internal sealed class PipeHost : IPipeHost
{
    private const uint EncryptData = 0x8000; // SHI1005_FLAGS_ENCRYPT_DATA, MS-SRVS 2.2.4.29

    private readonly ServerGraph _graph;
    private readonly ServerSettings _settings;

    public PipeHost(ServerGraph graph)
    {
        _graph = graph;
        _settings = graph.Settings;
        MachineSid = MakeMachineSid(_settings.ServerName);
    }

    public string ServerName => _settings.ServerName;

    public string DomainName => _settings.DomainName;

    public string ServerComment => _settings.Comment;

    public Version OsVersion { get; } = new(10, 0);

    public Sid MachineSid { get; }

    public TimeSpan Uptime => TimeProvider.GetUtcNow() - _graph.StartedAt;

    public uint? MaxUsers => null;

    public TimeProvider TimeProvider => _settings.TimeProvider;

    public ValueTask<IReadOnlyList<PipeShare>> ListSharesAsync(PipeCaller caller, CancellationToken cancellation) =>
        new([.. _graph.Shares.All.Where(share => !share.Hidden).Select(Describe)]);

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

    // Users have names here and no SIDs; what is well known is answered without asking.
    public ValueTask<PipeAccount?> ResolveSidAsync(Sid sid, CancellationToken cancellation) => default;

    public ValueTask<PipeAccount?> ResolveNameAsync(string? domain, string name, CancellationToken cancellation) => default;

    private static PipeShare Describe(Share share) => new(share.Name, TypeOf(share))
    {
        IsSpecial = share.IsPipe || share.Name.EndsWith('$'),
        Comment = share.Comment,
        MaxUses = (uint?)share.MaxUsers,
        CurrentUses = (uint)share.CurrentUses,
        PathShown = PathOf(share),
        Flags = share.Encrypt ? EncryptData : 0,
    };

    private static PipeShareType TypeOf(Share share) => share.IsPipe ? PipeShareType.Ipc : PipeShareType.Disk;

    // Where the files really are is nobody's business; programs want something that looks like a path.
    private static string PathOf(Share share) => share.IsPipe ? string.Empty : $"C:\\{share.Name}";

    private static string ClientName(Session session) =>
        session.Identity is { WorkstationName.Length: > 0 } identity ? identity.WorkstationName
            : session.FirstConnection.RemoteAddress.ToString();

    /// <summary>The same for the same name at every start, so that what clients remember of it stays true.</summary>
    private static Sid MakeMachineSid(string serverName)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"Smb3.Embedded machine {serverName.ToUpperInvariant()}"), hash);
        return new Sid(
            5,
            21,
            BinaryPrimitives.ReadUInt32LittleEndian(hash),
            BinaryPrimitives.ReadUInt32LittleEndian(hash[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(hash[8..]));
    }

    private IEnumerable<(Session Session, SmbIdentity Identity)> Sessions() =>
        from session in _graph.Sessions
        where session.State == SessionState.Valid && session.Identity is not null
        select (session, session.Identity);
}
