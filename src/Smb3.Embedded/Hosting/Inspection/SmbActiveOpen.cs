using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded;

/// <summary>An open file, directory or pipe at the time of the query.</summary>
public sealed record SmbActiveOpen
{
    private readonly Open? _open;
    private readonly GlobalOpen? _waiting;

    internal SmbActiveOpen(Open open, SmbIdentity identity)
    {
        _open = open;
        OpenId = open.FileId.Persistent;
        SessionId = open.Session.SessionId;
        ClientGuid = open.Session.Origin.ClientGuid;
        Identity = identity;
        var share = open.TreeConnect.Share;
        ShareName = share.NameForHost;
        Path = share.PathForHost(open.Name);
        OpenedAt = open.OpenedAt;
        IsPipe = open is not FileHandle;
        if (open is FileHandle { File: var file })
        {
            (IsDirectory, Access, Caching, Grant) = FactsOf(file);
        }
    }

    /// <param name="waiting">The open.</param>
    /// <param name="share">Its share; <see langword="null"/>: it is on its way out.</param>
    internal SmbActiveOpen(GlobalOpen waiting, Share? share)
    {
        _waiting = waiting;
        OpenId = waiting.PersistentId;
        ClientGuid = waiting.ClientGuid;
        Identity = waiting.Owner.Identity;
        ShareName = share?.NameForHost ?? waiting.Share;
        Path = share?.PathForHost(waiting.File.Path.Text) ?? waiting.File.Path.Text;
        OpenedAt = waiting.Facts.OpenedAt;
        WaitsFor = waiting.TimeLeft;
        (IsDirectory, Access, Caching, Grant) = FactsOf(waiting.File);
    }

    /// <summary>
    /// A number that no other open of the server has or had. It stays the same when the client reclaims the open after a lost connection.
    /// </summary>
    public ulong OpenId { get; }

    /// <summary>
    /// Whether a session holds it. One that is not connected is durable: it has outlived its session and waits for the client to come back.
    /// </summary>
    public bool IsConnected => SessionId is not null;

    /// <summary>
    /// How much longer it waits for its client, before it is closed; <see langword="null"/> while it is connected.
    /// </summary>
    public TimeSpan? WaitsFor { get; }

    /// <summary>The session that holds it; <see langword="null"/> while it is not connected.</summary>
    public ulong? SessionId { get; }

    /// <summary>The client machine that opened it.</summary>
    public Guid ClientGuid { get; }

    /// <summary>Who opened it.</summary>
    public SmbIdentity Identity { get; }

    /// <summary>The share, also for a part of it that this node of a cluster serves; <c>IPC$</c> for a pipe.</summary>
    public string ShareName { get; }

    /// <summary>The path from the root of the share, names joined by a backslash, or the pipe's name.</summary>
    public string Path { get; }

    /// <summary>Since when.</summary>
    public DateTimeOffset OpenedAt { get; }

    /// <summary>Whether it is a pipe and not a file or directory.</summary>
    public bool IsPipe { get; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; }

    /// <summary>The access that it was granted; none for a pipe.</summary>
    public FileAccessMask Access { get; }

    /// <summary>What it lets the client cache.</summary>
    public SmbCaching Caching { get; }

    internal CacheGrant? Grant { get; }

    /// <summary>Closes it without asking the client, whose next request on it fails with STATUS_FILE_CLOSED.</summary>
    /// <returns>False when it was closed already.</returns>
    public async ValueTask<bool> EndAsync() => _open is not null
        ? await _open.EndAsync().ConfigureAwait(false)
        : await _waiting!.CloseAsync().ConfigureAwait(false);

    private static (bool IsDirectory, FileAccessMask Access, SmbCaching Caching, CacheGrant? Grant) FactsOf(FileOpen file) =>
        (file.IsDirectory, file.GrantedAccess, (SmbCaching)(file.Grant?.Show().State ?? CacheState.None), file.Grant);
}
