using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.NetApi;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.WksSvc;

/// <summary>The Workstation Service (MS-WKST): reports who the server is, and to administrators who uses it.</summary>
internal sealed class WksSvcInterface(IPipeHost host) : IRpcInterface
{
    private const ushort WkstaGetInfo = 0;
    private const ushort WkstaUserEnum = 2;

    public RpcSyntax Syntax => new(new Guid("6bffd098-a112-3610-9833-46c3f87e345a"), 1, 0);

    public ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation) => call.Opnum switch
    {
        WkstaGetInfo => GetInfoAsync(call, output, cancellation),
        WkstaUserEnum => UserEnumAsync(call, output, cancellation),
        _ => ValueTask.FromResult(RpcStatus.OperationRangeError),
    };

    /// <summary>NetrWkstaGetInfo (MS-WKST 3.2.4.1). Only administrators learn how many users there are.</summary>
    private async ValueTask<RpcStatus> GetInfoAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var level = reader.ReadUInt32();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var status = level != 100 && call.Caller.IsAnonymous ? NetApiStatus.AccessDenied : NetApiStatus.Success;
        var users = level == 102 && call.Caller.IsAdministrator
            ? (await UsersAsync(cancellation).ConfigureAwait(false)).Count
            : 0;
        NetGetInfo.Respond(output, level, WkstaInfo.For(level), WkstaInfo.IsInUnion(level), new Workstation(host, (uint)users), status);
        return RpcStatus.Ok;
    }

    /// <summary>NetrWkstaUserEnum (MS-WKST 3.2.4.3).</summary>
    private async ValueTask<RpcStatus> UserEnumAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var request = NetEnumRequest.Read(ref reader, level => WkstaInfo.ForUsers(level) is not null);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var users = call.Caller.IsAdministrator ? await UsersAsync(cancellation).ConfigureAwait(false) : [];
        var status = call.Caller.IsAdministrator ? NetApiStatus.Success : NetApiStatus.AccessDenied;
        request.Respond(output, WkstaInfo.ForUsers(request.Level), users, status);
        return RpcStatus.Ok;
    }

    private async ValueTask<IReadOnlyList<WorkstationUser>> UsersAsync(CancellationToken cancellation)
    {
        var sessions = await host.ListSessionsAsync(cancellation).ConfigureAwait(false);
        return
        [
            .. sessions.Select(session => new WorkstationUser(session.UserName, session.DomainName, host.ServerName))
                .Distinct()
                .OrderBy(user => user.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }
}
