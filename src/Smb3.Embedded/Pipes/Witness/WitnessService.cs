using System.Net;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Witness;

/// <summary>
/// The Service Witness Protocol, versions 1 and 2 (MS-SWN): tells clients at once what becomes of the address and the share that they use,
/// so that they need not find it out by time-outs.
/// </summary>
/// <param name="table">The registrations.</param>
/// <param name="isOurName">Whether clients may know the server by this name (ServerGlobalName, MS-SWN 3.1.1.1).</param>
/// <param name="limits">What clients can make it hold.</param>
internal sealed class WitnessService(WitnessTable table, Func<string, bool> isOurName, WitnessLimits limits) : IRpcInterface
{
    /// <summary>Version 1 as clients and servers write it (MS-SWN 1.7).</summary>
    public const uint Version1 = 0x00010001;

    /// <summary>Version 2.</summary>
    public const uint Version2 = 0x00020000;

    private const ushort GetInterfaceList = 0;
    private const ushort Register = 1;
    private const ushort UnRegister = 2;
    private const ushort AsyncNotify = 3;
    private const ushort RegisterEx = 4;
    private const ushort UnRegisterEx = 5;

    private const uint NotifyOfAddresses = 1;
    private const int MaxName = 255;
    private const int MaxShareName = 80;

    public RpcSyntax Syntax { get; } = new(new Guid("ccd8c074-d0e5-4a40-92b4-d074faa6ba28"), 1, 1);

    public ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        // MS-SWN 3.1.4: calls must be signed at least. Who has not proved an account is nobody that could be told anything.
        if (call.AuthLevel < RpcAuthLevel.Integrity || call.Caller.IsAnonymous)
        {
            return new(RpcStatus.AccessDenied);
        }

        return call.Opnum switch
        {
            GetInterfaceList => ListAsync(output, cancellation),
            Register => new(RegisterFor(call, output, isVersion2: false)),
            UnRegister => new(EndRegistration(call, output, givesHandle: false)),
            AsyncNotify => NotifyAsync(call, output, cancellation),
            RegisterEx => new(RegisterFor(call, output, isVersion2: true)),
            UnRegisterEx => new(EndRegistration(call, output, givesHandle: true)),
            _ => new(RpcStatus.OperationRangeError),
        };
    }

    /// <summary>WitnessrGetInterfaceList (MS-SWN 3.1.4.1): waits until one of them can be used.</summary>
    private async ValueTask<RpcStatus> ListAsync(NdrWriter output, CancellationToken cancellation)
    {
        while (true)
        {
            var (interfaces, changed) = table.Interfaces;
            if (interfaces.Count == 0)
            {
                output.WriteNull();
                output.WriteUInt32((uint)WitnessStatus.NoMoreItems);
                return RpcStatus.Ok;
            }

            if (interfaces.Any(static one => one.State == SmbWitnessState.Available))
            {
                WitnessWriter.WriteInterfaces(output, interfaces);
                output.WriteUInt32((uint)WitnessStatus.Success);
                return RpcStatus.Ok;
            }

            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>WitnessrRegister and WitnessrRegisterEx (MS-SWN 3.1.4.2 and 3.1.4.5).</summary>
    private RpcStatus RegisterFor(in RpcCall call, NdrWriter output, bool isVersion2)
    {
        var reader = call.ReadStub();
        var version = reader.ReadUInt32();
        var netName = reader.ReadUniqueString();
        var shareName = isVersion2 ? reader.ReadUniqueString() : null;
        var address = reader.ReadUniqueString();
        var clientName = reader.ReadUniqueString();
        var flags = isVersion2 ? reader.ReadUInt32() : 0;
        var keepAlive = isVersion2 ? reader.ReadUInt32() : 0;
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var id = Guid.Empty;
        WitnessStatus status;
        if (version != (isVersion2 ? Version2 : Version1))
        {
            status = WitnessStatus.RevisionMismatch;
        }
        else if (Read(netName, address, clientName) is not { } interest || flags > NotifyOfAddresses || shareName?.Length > MaxShareName)
        {
            status = WitnessStatus.InvalidParameter;
        }
        else if (shareName is not null && !table.HasShare(shareName))
        {
            status = WitnessStatus.InvalidState;
        }
        else
        {
            status = Add(call, isVersion2 ? Extend(interest, shareName, flags, keepAlive) : interest, out id);
        }

        RpcHandleScope.Write(output, id);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>What a registration of either version names; null when it is not acceptable.</summary>
    private WitnessInterest? Read(string? netName, string? address, string? clientName) =>
        netName is { Length: > 0 and <= MaxName } && clientName is { Length: > 0 and <= MaxName } && isOurName(netName)
            && address is not null && IPAddress.TryParse(address, out var parsed)
            ? new WitnessInterest(netName, parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed, clientName)
            : null;

    private WitnessInterest Extend(WitnessInterest interest, string? shareName, uint flags, uint keepAlive) => interest with
    {
        IsVersion2 = true,
        ShareName = shareName,
        WantsAddresses = flags == NotifyOfAddresses,
        KeepAlive = keepAlive == 0 ? limits.DefaultKeepAlive
            : keepAlive < limits.MaxKeepAlive.TotalSeconds ? TimeSpan.FromSeconds(keepAlive)
            : limits.MaxKeepAlive,
    };

    private WitnessStatus Add(RpcCall call, WitnessInterest interest, out Guid id)
    {
        id = Guid.Empty;
        var status = table.TryAdd(interest, call.Caller, out var registration);
        if (status != WitnessStatus.Success)
        {
            return status;
        }

        var handles = call.Handles;
        if (handles.Open(registration!) is not { } opened)
        {
            registration!.Dispose();
            return WitnessStatus.NoSystemResources;
        }

        registration!.CloseHandle = () => handles.Close(opened);
        id = opened;
        return WitnessStatus.Success;
    }

    /// <summary>
    /// WitnessrUnRegister and WitnessrUnRegisterEx (MS-SWN 3.1.4.3 and 3.1.4.6). The second has its handle back, which is null then.
    /// </summary>
    private static RpcStatus EndRegistration(in RpcCall call, NdrWriter output, bool givesHandle)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var isClosed = call.Handles.Close(id);
        if (givesHandle)
        {
            RpcHandleScope.Write(output, isClosed ? Guid.Empty : id);
        }

        output.WriteUInt32((uint)(isClosed ? WitnessStatus.Success : WitnessStatus.InvalidParameter));
        return RpcStatus.Ok;
    }

    /// <summary>WitnessrAsyncNotify (MS-SWN 3.1.4.4).</summary>
    private static async ValueTask<RpcStatus> NotifyAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadHandle(call, out var id))
        {
            return RpcStatus.BadStubData;
        }

        var (status, notification) = call.Handles.Find<WitnessRegistration>(id) is { } registration
            ? await registration.WaitAsync(cancellation).ConfigureAwait(false)
            : (WitnessStatus.NotFound, null);
        if (notification is null)
        {
            output.WriteNull();
        }
        else
        {
            WitnessWriter.WriteNotification(output, notification);
            output.Align(4);
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    private static bool TryReadHandle(in RpcCall call, out Guid id)
    {
        var reader = call.ReadStub();
        id = RpcHandleScope.Read(ref reader);
        return !reader.Failed;
    }
}
