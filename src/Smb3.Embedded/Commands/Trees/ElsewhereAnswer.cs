using System.Buffers.Binary;
using System.Net;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Errors;
using Smb3.Embedded.Wire.Tree;

namespace Smb3.Embedded.Commands.Trees;

/// <summary>What TREE_CONNECT answers for a clustered share that the client cannot use on this connection, and when it does.</summary>
internal static class ElsewhereAnswer
{
    /// <summary>MS-SMB2 3.3.5.7: the dialect of the connection is too high for the shares of the cluster.</summary>
    public static NtStatus DialectTooHigh(Request request, Smb2Dialect highest)
    {
        var data = Begin(request, ErrorContextId.Default, sizeof(ushort));
        BinaryPrimitives.WriteUInt16LittleEndian(data, (ushort)highest);
        return NtStatus.SmbBadClusterDialect;
    }

    /// <summary>
    /// Another node has the share, or none. Who can be redirected is, and who follows DFS has asked for a referral before, or tries the next
    /// of the targets that it was told. But Linux stays with a server that accepts its connections, takes a refusal for the end of its files,
    /// and tries another one only when it has lost its connection after it has heard of a better one: so who used the share here, or was told
    /// already, is not answered, waits a moment, and loses its connection, unless that is used for something else. Who follows no DFS knows
    /// nothing but what it is answered, so it hears at once that the share is not here.
    /// </summary>
    public static async ValueTask<NtStatus> GiveAsync(
        Request request, IClusteredShares cluster, ShareOwner? owner, string name, TreeConnectRequestFlags flags)
    {
        var client = request.Connection.Negotiated!.ClientGuid;
        if (request.Session is { FollowsDfs: true } follower && !IsRedirected(request, flags))
        {
            // A session that stands for an earlier one means that something is open: it comes back, from another node perhaps that died.
            var isBack = follower.IsSuccessor;
            if ((isBack || cluster.Stranded.Contains(client, name))
                && !request.Connection.Sessions.Values.Any(static session => session.Trees.Any(static tree => !tree.Share.IsPipe)))
            {
                if (owner is not null)
                {
                    await cluster.Stranded.HoldAsync(client, name, isBack, request.Connection.Ended).ConfigureAwait(false);
                }

                request.Disconnect = ConnectionEndReason.ShareMoved;
            }
            else if (owner is not null)
            {
                cluster.Stranded.Add(client, name);
            }
        }

        return At(request, owner, name, flags);
    }

    /// <summary>
    /// MS-SMB2 3.3.5.7: another node has the share. A client that asked to be redirected is told where to find it. While nobody has it, the
    /// client shall try again.
    /// </summary>
    private static NtStatus At(Request request, ShareOwner? owner, string shareName, TreeConnectRequestFlags flags)
    {
        if (owner is null)
        {
            return NtStatus.ShareUnavailable;
        }

        if (IsRedirected(request, flags) && owner.Addresses is { Count: > 0 } addresses)
        {
            var data = Begin(request, ErrorContextId.ShareRedirect, ShareRedirectErrorResponse.Size(addresses, shareName));
            ShareRedirectErrorResponse.Write(data, addresses, shareName);
        }

        return NtStatus.BadNetworkName;
    }

    /// <summary>Whether the client can be told by an error context where a share is; before 3.1.1 the flags are reserved.</summary>
    public static bool IsRedirected(Request request, TreeConnectRequestFlags flags) =>
        request.Connection.Negotiated!.Dialect == Smb2Dialect.Smb311 && (flags & TreeConnectRequestFlags.RedirectToOwner) != 0;

    private static Span<byte> Begin(Request request, ErrorContextId id, int length)
    {
        var asContext = request.Connection.Negotiated!.Dialect == Smb2Dialect.Smb311;
        var body = request.Append(ErrorResponse.Size(asContext, length));
        request.KeepBody();
        return ErrorResponse.WriteWithData(body, asContext, id, length);
    }
}
