using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Services;

/// <summary>What the handlers of one server share.</summary>
internal sealed record CommandServices
{
    public required ServerSettings Settings { get; init; }

    public required IAuthenticator Authenticator { get; init; }

    public required LogonThrottle Throttle { get; init; }

    public required PipeRegistry Pipes { get; init; }

    public required SmbServerHooks? Hooks { get; init; }

    public required ServerMetrics Metrics { get; init; }

    public RandomNumberGenerator Random { get; init; } = RandomNumberGenerator.Create();

    public required ILogger Logger { get; init; }

    /// <summary>Where the reasons of refusals are logged.</summary>
    public required RefusalLog Refusals { get; init; }
}
