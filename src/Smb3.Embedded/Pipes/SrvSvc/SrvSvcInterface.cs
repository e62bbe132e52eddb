using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.NetApi;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.SrvSvc;

/// <summary>
/// The Server Service (MS-SRVS): reports on shares and the server, and to administrators on sessions and opens. It changes nothing;
/// operations that would are denied, because shares are the host's to change.
/// </summary>
internal sealed class SrvSvcInterface(IPipeHost host) : IRpcInterface
{
    private enum Operation : ushort
    {
        ConnectionEnum = 8,
        FileEnum = 9,
        FileGetInfo = 10,
        FileClose = 11,
        SessionEnum = 12,
        SessionDel = 13,
        ShareAdd = 14,
        ShareEnum = 15,
        ShareGetInfo = 16,
        ShareSetInfo = 17,
        ShareDel = 18,
        ShareDelSticky = 19,
        ShareCheck = 20,
        ServerGetInfo = 21,
        ServerSetInfo = 22,
        RemoteTod = 28,
        NameValidate = 33,
        ShareEnumSticky = 36,
        ShareDelStart = 37,
        GetFileSecurity = 39,
        SetFileSecurity = 40,
        ShareDelEx = 57,
    }

    public RpcSyntax Syntax => new(new Guid("4b324fc8-1670-01d3-1278-5a47bf6ee188"), 3, 0);

    public ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        switch ((Operation)call.Opnum)
        {
            case Operation.ShareEnum:
                return ShareEnumAsync(call, output, withSpecial: true, cancellation);
            case Operation.ShareEnumSticky:
                return ShareEnumAsync(call, output, withSpecial: false, cancellation);
            case Operation.ShareGetInfo:
                return ShareGetInfoAsync(call, output, cancellation);
            case Operation.ShareCheck:
                return ShareCheckAsync(call, output, cancellation);
            case Operation.SessionEnum:
                return SessionEnumAsync(call, output, cancellation);
            case Operation.ConnectionEnum:
                return ConnectionEnumAsync(call, output, cancellation);
            case Operation.FileEnum:
                return FileEnumAsync(call, output, cancellation);
            case Operation.FileGetInfo:
                return FileGetInfoAsync(call, output, cancellation);
            case Operation.ServerGetInfo:
                return ValueTask.FromResult(ServerGetInfo(call, output));
            case Operation.RemoteTod:
                return ValueTask.FromResult(RemoteTod(call, output));
            case Operation.NameValidate:
                return ValueTask.FromResult(NameValidate(call, output));
            case Operation.ShareAdd or Operation.ShareSetInfo or Operation.ServerSetInfo:
                // ParmErr [in, out, unique] comes first.
                output.WriteNull();
                return Answer(output, NetApiStatus.AccessDenied);
            case Operation.ShareDelStart:
                RpcHandleScope.Write(output, Guid.Empty);
                return Answer(output, NetApiStatus.AccessDenied);
            case Operation.FileClose or Operation.SessionDel or Operation.ShareDel or Operation.ShareDelSticky
                or Operation.ShareDelEx or Operation.SetFileSecurity:
                return Answer(output, NetApiStatus.AccessDenied);
            case Operation.GetFileSecurity:
                output.WriteNull();
                return Answer(output, NetApiStatus.NotSupported);
            default:
                return ValueTask.FromResult(RpcStatus.OperationRangeError);
        }
    }

    private static ValueTask<RpcStatus> Answer(NdrWriter output, NetApiStatus status)
    {
        output.WriteUInt32((uint)status);
        return ValueTask.FromResult(RpcStatus.Ok);
    }

    /// <summary>NetrShareEnum and NetrShareEnumSticky (MS-SRVS 3.1.4.8 and 3.1.4.9).</summary>
    private async ValueTask<RpcStatus> ShareEnumAsync(RpcCall call, NdrWriter output, bool withSpecial, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var request = NetEnumRequest.Read(ref reader, level => ShareInfo.ForEnum(level) is not null);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (ShareInfo.IsDetailed(request.Level) && call.Caller.IsAnonymous)
        {
            request.Respond(output, ShareInfo.ForEnum(request.Level), [], NetApiStatus.AccessDenied);
            return RpcStatus.Ok;
        }

        var shares = await host.ListSharesAsync(call.Caller, cancellation).ConfigureAwait(false);
        request.Respond(
            output,
            ShareInfo.ForEnum(request.Level),
            [.. shares.Where(share => withSpecial || !share.IsSpecial).OrderBy(share => share.Name, StringComparer.OrdinalIgnoreCase)]);
        return RpcStatus.Ok;
    }

    /// <summary>NetrShareGetInfo (MS-SRVS 3.1.4.10).</summary>
    private async ValueTask<RpcStatus> ShareGetInfoAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var name = reader.ReadString();
        var level = reader.ReadUInt32();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var shares = await host.ListSharesAsync(call.Caller, cancellation).ConfigureAwait(false);
        var share = shares.FirstOrDefault(share => share.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        var status = ShareInfo.IsDetailed(level) && call.Caller.IsAnonymous ? NetApiStatus.AccessDenied
            : share is null ? NetApiStatus.NetNameNotFound
            : NetApiStatus.Success;
        NetGetInfo.Respond(output, level, ShareInfo.ForGetInfo(level), ShareInfo.IsInUnion(level), share, status);
        return RpcStatus.Ok;
    }

    /// <summary>NetrShareCheck (MS-SRVS 3.1.4.15): the kind of share behind a device path.</summary>
    private async ValueTask<RpcStatus> ShareCheckAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var device = reader.ReadString();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var shares = await host.ListSharesAsync(call.Caller, cancellation).ConfigureAwait(false);
        var share = shares.FirstOrDefault(
            share => share.PathShown.Length > 0 && share.PathShown.Equals(device, StringComparison.OrdinalIgnoreCase));
        output.WriteUInt32((uint)(share?.Type ?? PipeShareType.Disk));
        output.WriteUInt32((uint)(share is null ? NetApiStatus.DeviceNotShared : NetApiStatus.Success));
        return RpcStatus.Ok;
    }

    /// <summary>NetrSessionEnum (MS-SRVS 3.1.4.5).</summary>
    private async ValueTask<RpcStatus> SessionEnumAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var client = reader.ReadUniqueString();
        var user = reader.ReadUniqueString();
        var request = NetEnumRequest.Read(ref reader, level => ActivityInfo.ForSession(level) is not null);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var status = call.Caller.IsAdministrator ? NetApiStatus.Success : NetApiStatus.AccessDenied;
        IReadOnlyList<PipeSession> sessions = [];
        if (status == NetApiStatus.Success)
        {
            sessions = await host.ListSessionsAsync(cancellation).ConfigureAwait(false);
            sessions = [.. sessions.Where(session => IsAnyOr(client, session.ClientName))];
            status = sessions.Count == 0 && !string.IsNullOrEmpty(client) ? NetApiStatus.ClientNameNotFound : status;
            sessions = [.. sessions.Where(session => IsAnyOr(user, session.UserName))];
            status = status == NetApiStatus.Success && sessions.Count == 0 && !string.IsNullOrEmpty(user)
                ? NetApiStatus.UserNotFound
                : status;
        }

        request.Respond(output, ActivityInfo.ForSession(request.Level), sessions, status);
        return RpcStatus.Ok;
    }

    /// <summary>NetrConnectionEnum (MS-SRVS 3.1.4.1): of a share, or of a computer when the name begins with two backslashes.</summary>
    private async ValueTask<RpcStatus> ConnectionEnumAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var qualifier = reader.ReadUniqueString();
        var request = NetEnumRequest.Read(ref reader, level => ActivityInfo.ForConnection(level) is not null);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var status = !call.Caller.IsAdministrator ? NetApiStatus.AccessDenied
            : string.IsNullOrEmpty(qualifier) ? NetApiStatus.InvalidParameter
            : NetApiStatus.Success;
        IReadOnlyList<PipeTreeConnect> connections = [];
        if (status == NetApiStatus.Success)
        {
            var isComputer = qualifier!.StartsWith(@"\\", StringComparison.Ordinal);
            connections = await host.ListTreeConnectsAsync(cancellation).ConfigureAwait(false);
            connections = [.. connections.Where(c => IsAnyOr(qualifier, isComputer ? c.ClientName : c.ShareName))];
            if (connections.Count == 0 && !isComputer)
            {
                var shares = await host.ListSharesAsync(call.Caller, cancellation).ConfigureAwait(false);
                if (!shares.Any(share => share.Name.Equals(qualifier, StringComparison.OrdinalIgnoreCase)))
                {
                    status = NetApiStatus.NetNameNotFound;
                }
            }
        }

        request.Respond(output, ActivityInfo.ForConnection(request.Level), connections, status);
        return RpcStatus.Ok;
    }

    /// <summary>NetrFileEnum (MS-SRVS 3.1.4.2).</summary>
    private async ValueTask<RpcStatus> FileEnumAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var basePath = reader.ReadUniqueString();
        var user = reader.ReadUniqueString();
        var request = NetEnumRequest.Read(ref reader, level => ActivityInfo.ForFile(level) is not null);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var status = call.Caller.IsAdministrator ? NetApiStatus.Success : NetApiStatus.AccessDenied;
        IReadOnlyList<PipeOpenFile> files = [];
        if (status == NetApiStatus.Success)
        {
            files = await host.ListOpenFilesAsync(cancellation).ConfigureAwait(false);
            files =
            [
                .. files.Where(file => IsAnyOr(user, file.UserName)
                    && (string.IsNullOrEmpty(basePath) || file.Path.StartsWith(basePath, StringComparison.OrdinalIgnoreCase))),
            ];
        }

        request.Respond(output, ActivityInfo.ForFile(request.Level), files, status);
        return RpcStatus.Ok;
    }

    /// <summary>NetrFileGetInfo (MS-SRVS 3.1.4.3).</summary>
    private async ValueTask<RpcStatus> FileGetInfoAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var id = reader.ReadUInt32();
        var level = reader.ReadUInt32();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        PipeOpenFile? file = null;
        var status = NetApiStatus.AccessDenied;
        if (call.Caller.IsAdministrator)
        {
            var files = await host.ListOpenFilesAsync(cancellation).ConfigureAwait(false);
            file = files.FirstOrDefault(file => file.Id == id);
            status = file is null ? NetApiStatus.FileIdNotFound : NetApiStatus.Success;
        }

        NetGetInfo.Respond(output, level, ActivityInfo.ForFile(level), hasArm: false, file, status);
        return RpcStatus.Ok;
    }

    /// <summary>NetrServerGetInfo (MS-SRVS 3.1.4.17).</summary>
    private RpcStatus ServerGetInfo(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var level = reader.ReadUInt32();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var status = level == 102 && call.Caller.IsAnonymous ? NetApiStatus.AccessDenied : NetApiStatus.Success;
        NetGetInfo.Respond(output, level, ServerInfo.For(level), ServerInfo.IsInUnion(level), host, status);
        return RpcStatus.Ok;
    }

    /// <summary>NetrRemoteTOD (MS-SRVS 3.1.4.21): TIME_OF_DAY_INFO (MS-SRVS 2.2.4.105), the calendar fields in UTC.</summary>
    private RpcStatus RemoteTod(RpcCall call, NdrWriter output)
    {
        const uint TickTenthsOfMilliseconds = 310;

        var reader = call.ReadStub();
        reader.ReadUniqueString();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var now = host.TimeProvider.GetUtcNow();
        var minutesWest = -(int)host.TimeProvider.LocalTimeZone.GetUtcOffset(now).TotalMinutes;
        output.WritePointer();
        output.WriteUInt32((uint)Math.Clamp(now.ToUnixTimeSeconds(), 0, uint.MaxValue));
        output.WriteUInt32(unchecked((uint)(long)host.Uptime.TotalMilliseconds));
        output.WriteUInt32((uint)now.Hour);
        output.WriteUInt32((uint)now.Minute);
        output.WriteUInt32((uint)now.Second);
        output.WriteUInt32((uint)now.Millisecond / 10);
        output.WriteInt32(minutesWest);
        output.WriteUInt32(TickTenthsOfMilliseconds);
        output.WriteUInt32((uint)now.Day);
        output.WriteUInt32((uint)now.Month);
        output.WriteUInt32((uint)now.Year);
        output.WriteUInt32((uint)now.DayOfWeek);
        output.WriteUInt32((uint)NetApiStatus.Success);
        return RpcStatus.Ok;
    }

    /// <summary>NetprNameValidate (MS-SRVS 3.1.4.29).</summary>
    private static RpcStatus NameValidate(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        var name = reader.ReadString();
        var nameType = reader.ReadUInt32();
        reader.ReadUInt32();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        output.WriteUInt32((uint)ShareNameRules.Check(name!, nameType));
        return RpcStatus.Ok;
    }

    private static bool IsAnyOr(string? wanted, string actual) =>
        string.IsNullOrEmpty(wanted)
        || actual.AsSpan().TrimStart('\\').Equals(wanted.AsSpan().TrimStart('\\'), StringComparison.OrdinalIgnoreCase);
}
