using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Hosting.Interfaces;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>What stays the same from start to start of one server.</summary>
internal sealed record ServerParts(
    ServerSettings Settings,
    IAuthenticator Authenticator,
    AccountDirectory Accounts,
    LogonThrottle Throttle,
    SmbServerHooks? Hooks,
    ILogger Logger,
    ServerMetrics Metrics,
    ActivitySource Activities)
{
    /// <summary>Where clients can open further channels.</summary>
    public InterfaceScan Interfaces { get; init; } = new(new InterfaceFilter([]), [], Settings.TimeProvider);

    /// <summary>How clients of RPC authenticate.</summary>
    public required RpcAuthenticators RpcAuthenticators { get; init; }

    /// <summary>The numbers of opens begin after this one, so that no two runs give the same.</summary>
    public ulong FirstFileId { get; init; }

    /// <summary>Follows changes; a watch survives a stop and the next start of the server.</summary>
    public ChangeFeed Changes { get; } = new(Settings.TimeProvider);
}
