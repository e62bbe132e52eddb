using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>
/// What a CREATE asks for beyond its session: to make the open durable, to take one up again, and for which application (MS-SMB2 3.3.5.9.6,
/// 3.3.5.9.7, 3.3.5.9.10, 3.3.5.9.12 and 3.3.5.9.13). Contexts that the dialect does not have are ignored.
/// </summary>
internal readonly record struct DurableContexts
{
    /// <summary>SMB2_CREATE_DURABLE_HANDLE_REQUEST.</summary>
    public bool Request { get; private init; }

    /// <summary>SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2.</summary>
    public DurableHandleRequestV2? RequestV2 { get; private init; }

    /// <summary>SMB2_CREATE_DURABLE_HANDLE_RECONNECT.</summary>
    public Smb2FileId? Reconnect { get; private init; }

    /// <summary>SMB2_CREATE_DURABLE_HANDLE_RECONNECT_V2.</summary>
    public DurableHandleReconnectV2? ReconnectV2 { get; private init; }

    /// <summary>SMB2_CREATE_APP_INSTANCE_ID, with SMB2_CREATE_APP_INSTANCE_VERSION.</summary>
    public AppInstance? Application { get; private init; }

    /// <summary>Whether the open is to be persistent, or was.</summary>
    public bool WantsPersistent => ((RequestV2?.Flags ?? ReconnectV2?.Flags ?? DurableHandleFlags.None) & DurableHandleFlags.Persistent) != 0;

    /// <summary>Whether an open is to be taken up again instead of being made.</summary>
    public bool IsReconnect => Reconnect is not null || ReconnectV2 is not null;

    public static NtStatus TryRead(in CreateContextList list, Smb2Dialect dialect, out DurableContexts contexts)
    {
        contexts = default;
        AppInstanceVersion? version = null;
        var kinds = DurableContextKinds.None;
        foreach (var context in list)
        {
            switch (context.Name)
            {
                case CreateContextName.DurableHandleRequest:
                    kinds |= DurableContextKinds.Request;
                    if (!context.IsDurableHandleRequest())
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { Request = true };
                    break;

                case CreateContextName.DurableHandleReconnect:
                    kinds |= DurableContextKinds.Reconnect;
                    if (!context.TryGetDurableHandleReconnect(out var fileId))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { Reconnect = fileId };
                    break;

                case CreateContextName.DurableHandleRequestV2:
                    kinds |= DurableContextKinds.RequestV2;
                    if (dialect < Smb2Dialect.Smb300)
                    {
                        break;
                    }

                    if (!context.TryGetDurableHandleRequestV2(out var request))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { RequestV2 = request };
                    break;

                case CreateContextName.DurableHandleReconnectV2:
                    kinds |= DurableContextKinds.ReconnectV2;
                    if (dialect < Smb2Dialect.Smb300)
                    {
                        break;
                    }

                    if (!context.TryGetDurableHandleReconnectV2(out var reconnect))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { ReconnectV2 = reconnect };
                    break;

                case CreateContextName.AppInstanceId when dialect >= Smb2Dialect.Smb300:
                    if (!context.TryGetAppInstanceId(out var id))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { Application = new AppInstance(id, null, null) };
                    break;

                case CreateContextName.AppInstanceVersion when dialect >= Smb2Dialect.Smb311:
                    if (!context.TryGetAppInstanceVersion(out var given))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    version = given;
                    break;
            }
        }

        if (version is { } v && contexts.Application is { } application)
        {
            contexts = contexts with { Application = application with { High = v.High, Low = v.Low } };
        }

        return AreConsistent(kinds) ? NtStatus.Success : NtStatus.InvalidParameter;
    }

    /// <summary>
    /// The versions do not mix, not even in a dialect that does not have the second: the sections speak of what the server implements. Of
    /// version 1 a reconnect outweighs a request; of version 2 they exclude each other (MS-SMB2 3.3.5.9.6, 3.3.5.9.7, 3.3.5.9.10, 3.3.5.9.12).
    /// </summary>
    private static bool AreConsistent(DurableContextKinds kinds) =>
        (kinds & ~(DurableContextKinds.Request | DurableContextKinds.Reconnect)) == 0
        || kinds is DurableContextKinds.RequestV2 or DurableContextKinds.ReconnectV2;

    [Flags]
    private enum DurableContextKinds
    {
        None = 0,
        Request = 1,
        Reconnect = 2,
        RequestV2 = 4,
        ReconnectV2 = 8,
    }
}
