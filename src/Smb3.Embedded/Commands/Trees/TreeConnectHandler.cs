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

        if (!TryRead(request, out var name, out var flags))
        {
            return NtStatus.InvalidParameter;
        }

        var (status, found) = await FindAsync(request, name, flags).ConfigureAwait(false);
        if (found is not { } share)
        {
            return status;
        }

        await share.KnowGroupsAsync(request.Graph.Settings.Directory, request.Connection.Ended).ConfigureAwait(false);
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
                h => h.OnTreeConnectAsync(HookFacts.Of(session, identity), share.NameForHost, request.Connection.Ended)).ConfigureAwait(false))
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

        if (share.IsRemoved || share.IsLeaving || session.State == SessionState.Ended)
        {
            // It was removed in the meantime, or goes to another node.
            await tree.EndAsync().ConfigureAwait(false);
            return share.IsClustered ? NtStatus.ShareUnavailable : NtStatus.BadNetworkName;
        }

        tree.CanBeRedirected = ElsewhereAnswer.IsRedirected(request, flags);
        request.TreeId = tree.TreeId;
        request.Guard(share.Guard);
        ServerLog.TreeConnected(services.Logger, identity.ForLog, share.Name);
        var isDfs = share.Dfs is not null;
        TreeConnectResponse.Write(
            request.Append(TreeConnectResponse.FixedSize),
            share.IsPipe ? Smb2ShareType.Pipe : Smb2ShareType.Disk,
            FlagsOf(share, isDfs, request.Connection.Negotiated!.Compression is not null),
            CapabilitiesOf(share, isDfs, request),
            access);
        return NtStatus.Success;
    }

    private static Smb2ShareFlags FlagsOf(Share share, bool isDfs, bool canCompress) =>
        (share.Encrypt ? Smb2ShareFlags.EncryptData : Smb2ShareFlags.ManualCaching)
        | (share.Compress && canCompress ? Smb2ShareFlags.CompressData : Smb2ShareFlags.ManualCaching)
        | (share.AccessBasedEnumeration ? Smb2ShareFlags.AccessBasedDirectoryEnum : Smb2ShareFlags.ManualCaching)
        | (isDfs ? Smb2ShareFlags.Dfs | Smb2ShareFlags.DfsRoot : Smb2ShareFlags.ManualCaching);

    private static bool TryRead(Request request, out string name, out TreeConnectRequestFlags flags)
    {
        name = string.Empty;
        flags = TreeConnectRequestFlags.None;
        if (!TreeConnectRequest.TryParse(request.Message.Span, out var connect))
        {
            return false;
        }

        flags = connect.Flags;
        return TryGetShareName(connect.GetPath(), out name);
    }

    /// <summary>The share, or why there is none for this client.</summary>
    private async ValueTask<(NtStatus Status, Share? Share)> FindAsync(Request request, string name, TreeConnectRequestFlags flags)
    {
        var shares = request.Graph.Shares;
        if (shares.Cluster is { } cluster && cluster.Find(name) is { } clustered
            && await CheckAsync(request, cluster, clustered, flags).ConfigureAwait(false) is { } elsewhere)
        {
            return elsewhere;
        }

        if (shares.CheckPlace is { } check)
        {
            await check(name).ConfigureAwait(false);
        }

        // A share whose folder is missing does not exist (as with Windows and smbd), rather than being empty.
        if (shares.Find(name) is { IsInPlace: true } share)
        {
            return (NtStatus.Success, share);
        }

        _report.UnknownShare(request.Connection, request.Session!.Identity!, name);
        return (NtStatus.BadNetworkName, null);
    }

    /// <summary>
    /// What a client gets for a clustered share that it cannot use here, or on this connection; <see langword="null"/>: it can. Waits a moment
    /// while the share is on its way.
    /// </summary>
    private async ValueTask<(NtStatus Status, Share? Share)?> CheckAsync(
        Request request, IClusteredShares cluster, Share clustered, TreeConnectRequestFlags flags)
    {
        var negotiated = request.Connection.Negotiated!;

        // MS-SMB2 3.3.5.7; before 3.1.1 the flags are reserved, and a client has none to say that it was connected before.
        if (cluster.MaxDialect is { } highest && negotiated.Dialect > highest
            && (negotiated.Dialect != Smb2Dialect.Smb311 || (flags & TreeConnectRequestFlags.ClusterReconnect) == 0))
        {
            return (ElsewhereAnswer.DialectTooHigh(request, highest), null);
        }

        var identity = request.Session!.Identity!;
        await clustered.KnowGroupsAsync(request.Graph.Settings.Directory, request.Connection.Ended).ConfigureAwait(false);
        if (clustered.MaximalAccessOf(identity) == FileAccessMask.None)
        {
            _report.Forbidden(request.Connection, identity, clustered.Name);
            return (NtStatus.AccessDenied, null);
        }

        if (IsHere(request, clustered.Name))
        {
            return null;
        }

        var owner = await cluster.WaitForOwnerAsync(clustered.Name, request.Connection.Ended).ConfigureAwait(false);
        if (IsHere(request, clustered.Name))
        {
            return null;
        }

        return (await ElsewhereAnswer.GiveAsync(request, cluster, owner, clustered.Name, flags).ConfigureAwait(false), null);
    }

    private static bool IsHere(Request request, string name) =>
        request.Graph.Shares.Find(name) is { IsLeaving: false, Guard: null or { IsUp: false } };

    /// <summary>
    /// MS-SMB2 2.2.10. A clustered share has one owner, which can change; a scale-out share would be served by all nodes at once. That its
    /// nodes can be watched is told only where the Witness service runs.
    /// </summary>
    private static Smb2ShareCapabilities CapabilitiesOf(Share share, bool isDfs, Request request)
    {
        var dialect = request.Connection.Negotiated!.Dialect;
        var capabilities = isDfs ? Smb2ShareCapabilities.Dfs : Smb2ShareCapabilities.None;
        if (share.IsContinuouslyAvailable && dialect >= Smb2Dialect.Smb300)
        {
            capabilities |= Smb2ShareCapabilities.ContinuousAvailability;
        }

        if (!share.IsClustered)
        {
            return capabilities;
        }

        if (dialect >= Smb2Dialect.Smb300 && request.Graph.Shares.Cluster is { HasWitness: true })
        {
            capabilities |= Smb2ShareCapabilities.Cluster;
        }

        if (dialect >= Smb2Dialect.Smb302)
        {
            capabilities |= Smb2ShareCapabilities.Asymmetric;
        }

        return dialect == Smb2Dialect.Smb311 ? capabilities | Smb2ShareCapabilities.RedirectToOwner : capabilities;
    }

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
