using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes.Host;

/// <summary>
/// What the server knows and the interfaces behind IPC$ report. Implementations are thread-safe; lists are snapshots taken at the call.
/// </summary>
internal interface IPipeHost
{
    /// <summary>The NetBIOS-style name of the server, without backslashes.</summary>
    string ServerName { get; }

    /// <summary>The workgroup or domain.</summary>
    string DomainName { get; }

    /// <summary>The comment shown beside the server's name.</summary>
    string ServerComment { get; }

    /// <summary>The version that the server says it is: major and minor, such as 10.0.</summary>
    Version OsVersion { get; }

    /// <summary>The SID that this server's own accounts are under: S-1-5-21-a-b-c.</summary>
    Sid MachineSid { get; }

    /// <summary>The time since the server started.</summary>
    TimeSpan Uptime { get; }

    /// <summary>The most users at once; null for no limit.</summary>
    uint? MaxUsers { get; }

    /// <summary>The clock.</summary>
    TimeProvider TimeProvider { get; }

    /// <summary>The shares that this caller may see, IPC$ among them, special ones included.</summary>
    ValueTask<IReadOnlyList<PipeShare>> ListSharesAsync(RpcCaller caller, CancellationToken cancellation);

    /// <summary>All sessions; asked only for administrators.</summary>
    ValueTask<IReadOnlyList<PipeSession>> ListSessionsAsync(CancellationToken cancellation);

    /// <summary>All tree connects; asked only for administrators.</summary>
    ValueTask<IReadOnlyList<PipeTreeConnect>> ListTreeConnectsAsync(CancellationToken cancellation);

    /// <summary>All opens; asked only for administrators.</summary>
    ValueTask<IReadOnlyList<PipeOpenFile>> ListOpenFilesAsync(CancellationToken cancellation);

    /// <summary>The account behind a SID; null when the host has none. Well-known SIDs are answered without asking the host.</summary>
    ValueTask<PipeAccount?> ResolveSidAsync(Sid sid, CancellationToken cancellation);

    /// <summary>The account of a name; null when the host has none. Names compare without case.</summary>
    /// <param name="domain">The domain that the client named; null when it named none.</param>
    /// <param name="name">The account name.</param>
    /// <param name="cancellation">Ends with the pipe.</param>
    ValueTask<PipeAccount?> ResolveNameAsync(string? domain, string name, CancellationToken cancellation);

    /// <summary>Whether lists of accounts are for administrators alone.</summary>
    bool OnlyAdministratorsSeeAccounts { get; }

    /// <summary>The server's own users, as far as they can be listed: those of a host's store are known by name alone.</summary>
    IReadOnlyList<PipeUser> ListUsers();

    /// <summary>A user of the server's own, or of the host's store, as it is now; null when there is none.</summary>
    /// <param name="name">The name; case does not count.</param>
    /// <param name="cancellation">Ends with the pipe.</param>
    ValueTask<PipeUser?> FindUserAsync(string name, CancellationToken cancellation);
}
