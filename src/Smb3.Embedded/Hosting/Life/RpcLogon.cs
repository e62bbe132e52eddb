using System.Security.Cryptography;
using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>
/// A logon inside an RPC connection, and the protection that results from it. Passwords can be guessed here as anywhere else, so the
/// throttle counts it.
/// </summary>
/// <param name="parts">The server.</param>
/// <param name="exchange">The exchange of tokens.</param>
/// <param name="peer">Who the transport says it is.</param>
/// <param name="whyNot">Why a user who has proved to be one is not let in all the same; null: is let in.</param>
internal sealed class RpcLogon(
    ServerParts parts,
    IAuthenticationExchange exchange,
    RpcCaller peer,
    Func<SecurityToken, RpcCaller, CancellationToken, ValueTask<string?>> whyNot) : IRpcSecurityContext
{
    private IMessageProtection? _protection;
    private SecurityToken? _token;

    public bool AlwaysCoversHeaders => _protection!.AlwaysCoversHeaders;

    public int SignatureSize(bool seals) => _protection!.SignatureSize(seals);

    public async ValueTask<RpcSecurityStep> StepAsync(ReadOnlyMemory<byte> token, CancellationToken cancellation)
    {
        var step = await exchange.StepAsync(token, cancellation).ConfigureAwait(false);
        CryptographicOperations.ZeroMemory(step.SessionKey);
        if (step.Status == NtStatus.MoreProcessingRequired)
        {
            return new RpcSecurityStep(RpcSecurityOutcome.Continue, step.ResponseToken, null);
        }

        if (step.Status != NtStatus.Success)
        {
            return await FailAsync(step, cancellation).ConfigureAwait(false);
        }

        var caller = RpcCallers.Of(step.Token!, peer.SessionId, peer.Address) with
        {
            LocalAddress = peer.LocalAddress,
            LocalPort = peer.LocalPort,
        };
        if (await whyNot(step.Token!, caller, cancellation).ConfigureAwait(false) is { } reason)
        {
            return await FailAsync(step with { Status = NtStatus.AccessDenied, Detail = reason }, cancellation).ConfigureAwait(false);
        }

        _protection = exchange.ProtectMessages();
        _token = step.Token;
        return new RpcSecurityStep(RpcSecurityOutcome.Established, step.ResponseToken, caller);
    }

    public void Protect(Span<byte> message, Range? secret, Span<byte> signature) => _protection!.Protect(message, secret, signature);

    /// <summary>A ticket that has ended protects nothing that a client still sends.</summary>
    public bool Unprotect(Span<byte> message, Range? secret, ReadOnlySpan<byte> signature) =>
        !_token!.HasExpired(parts.Settings.TimeProvider) && _protection!.Unprotect(message, secret, signature);

    public void Dispose()
    {
        exchange.Dispose();
        _protection?.Dispose();
    }

    /// <summary>Notes a refused logon, and holds the answer back when it was a guess at a password.</summary>
    private async ValueTask<RpcSecurityStep> FailAsync(AuthenticationStep step, CancellationToken cancellation)
    {
        parts.Metrics.LogonFailed(step.Status);
        ServerLog.RpcLogonRefused(parts.Logger, step.Identity?.ToString() ?? "(unknown)", peer.Address, step.Detail ?? step.Status.ToString());
        if (step.Delay > TimeSpan.Zero)
        {
            await Task.Delay(step.Delay, parts.Settings.TimeProvider, cancellation).ConfigureAwait(false);
        }

        return new RpcSecurityStep(RpcSecurityOutcome.Failed, default, null);
    }
}
