using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Tree;

namespace Smb3.Embedded.Commands.Trees;

/// <summary>TREE_CONNECT (MS-SMB2 3.3.5.7).</summary>
internal sealed class TreeConnectHandler(CommandServices services) : ICommandHandler
{
    private readonly TreeReport _report = new(services.Refusals);

    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        var session = request.Session!;
        var identity = session.Identity!;
        var negotiated = request.Connection.Negotiated!;

        // 3.1.1: this request proves that nobody tampered with the negotiation, so it must be protected.
        if (negotiated.Dialect == Smb2Dialect.Smb311 && !identity.IsAnonymous && !identity.IsGuest
            && !request.IsSigned && !request.IsEncrypted)
        {
            request.Disconnect = ConnectionEndReason.ProtocolViolation;
            return NtStatus.AccessDenied;
        }

        if (!TreeConnectRequest.TryParse(request.Message.Span, out var connect))
        {
            return NtStatus.InvalidParameter;
        }

        if (!TryGetShareName(connect.GetPath(), out var name))
        {
            return NtStatus.InvalidParameter;
        }

        if (request.Graph.Shares.CheckPlace is { } check)
        {
            await check(name).ConfigureAwait(false);
        }

        // A share whose folder is missing does not exist (as with Windows and smbd), rather than being empty.
        if (request.Graph.Shares.Find(name) is not { IsInPlace: true } share)
        {
            _report.UnknownShare(request.Connection, identity, name);
            return NtStatus.BadNetworkName;
        }

        var access = share.MaximalAccessOf(identity);
        if (access == FileAccessMask.None)
        {
            _report.Forbidden(request.Connection, identity, share.Name);
            return NtStatus.AccessDenied;
        }

        if (share.Encrypt && session.Sealer is null)
        {
            _report.DemandsSealing(request.Connection, identity, share.Name);
            return NtStatus.AccessDenied;
        }

        if (services.Hooks is { } hooks
            && !await hooks.AskAsync(
                services.Logger, "OnTreeConnectAsync", "tree connect",
                h => h.OnTreeConnectAsync(HookFacts.Of(session, identity), share.Name, request.Connection.Ended)).ConfigureAwait(false))
        {
            _report.RefusedByHost(request.Connection, identity, share.Name);
            return NtStatus.AccessDenied;
        }

        if (!share.TryReserve())
        {
            _report.Full(request.Connection, identity, share.Name);
            return NtStatus.RequestNotAccepted;
        }

        if (session.AddTree(share, access) is not { } tree)
        {
            _report.TooMany(request.Connection, identity, share.Name);
            return NtStatus.InsufficientResources;
        }

        if (share.IsRemoved || session.State == SessionState.Ended)
        {
            // It was removed in the meantime.
            await tree.EndAsync().ConfigureAwait(false);
            return NtStatus.BadNetworkName;
        }

        request.TreeId = tree.TreeId;
        ServerLog.TreeConnected(services.Logger, identity.ForLog, share.Name);
        var isDfs = share.Dfs is not null;
        TreeConnectResponse.Write(
            request.Append(TreeConnectResponse.FixedSize),
            share.IsPipe ? Smb2ShareType.Pipe : Smb2ShareType.Disk,
            FlagsOf(share, isDfs),
            CapabilitiesOf(share, isDfs, negotiated),
            access);
        return NtStatus.Success;
    }

    private static Smb2ShareFlags FlagsOf(Share share, bool isDfs) =>
        (share.Encrypt ? Smb2ShareFlags.EncryptData : Smb2ShareFlags.ManualCaching)
        | (share.AccessBasedEnumeration ? Smb2ShareFlags.AccessBasedDirectoryEnum : Smb2ShareFlags.ManualCaching)
        | (isDfs ? Smb2ShareFlags.Dfs | Smb2ShareFlags.DfsRoot : Smb2ShareFlags.ManualCaching);

    private static Smb2ShareCapabilities CapabilitiesOf(Share share, bool isDfs, Negotiated negotiated) =>
        (share.IsContinuouslyAvailable && negotiated.IsSmb3 ? Smb2ShareCapabilities.ContinuousAvailability : Smb2ShareCapabilities.None)
        | (isDfs ? Smb2ShareCapabilities.Dfs : Smb2ShareCapabilities.None);

    /// <summary>\\server\share: which server name the client used does not matter (MS-SMB2 2.2.9).</summary>
    private static bool TryGetShareName(string path, out string name)
    {
        name = string.Empty;
        if (!path.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return false;
        }

        var cut = path.IndexOf('\\', 2);
        if (cut <= 2)
        {
            return false;
        }

        name = path[(cut + 1)..];
        return name.Length > 0;
    }
}
