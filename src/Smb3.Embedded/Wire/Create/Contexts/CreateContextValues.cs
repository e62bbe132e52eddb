using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Create.Contexts;

/// <summary>Flags of a lease, in a create context and in a break (MS-SMB2 2.2.13.2.8, 2.2.13.2.10 and 2.2.23.2).</summary>
[Flags]
internal enum LeaseFlags : uint
{
    None = 0,

    /// <summary>Response: the lease is being broken. In a notification bit 1 instead asks for an acknowledgement.</summary>
    BreakInProgress = 0x02,

    /// <summary>Version 2: <see cref="LeaseContext.ParentLeaseKey"/> means something.</summary>
    ParentLeaseKeySet = 0x04,
}

/// <summary>Flags of the durable-handle contexts of version 2 (MS-SMB2 2.2.13.2.11).</summary>
[Flags]
internal enum DurableHandleFlags : uint
{
    None = 0,
    Persistent = 0x02,
}

/// <summary>SMB2_CREATE_REQUEST_LEASE and _V2 (MS-SMB2 2.2.13.2.8 and 2.2.13.2.10); the response has the same layout.</summary>
internal readonly record struct LeaseContext
{
    public const int SizeV1 = 32;
    public const int SizeV2 = 52;

    /// <summary>1 or 2.</summary>
    public required int Version { get; init; }

    public Guid LeaseKey { get; init; }

    public Smb2LeaseState State { get; init; }

    public LeaseFlags Flags { get; init; }

    /// <summary>Version 2.</summary>
    public Guid ParentLeaseKey { get; init; }

    /// <summary>Version 2: counts the changes of the lease.</summary>
    public ushort Epoch { get; init; }
}

/// <summary>SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2 (MS-SMB2 2.2.13.2.11).</summary>
/// <param name="Timeout">Milliseconds; 0 leaves it to the server.</param>
/// <param name="Flags">Whether a persistent handle is asked for.</param>
/// <param name="CreateGuid">What the client will reconnect or replay with.</param>
internal readonly record struct DurableHandleRequestV2(uint Timeout, DurableHandleFlags Flags, Guid CreateGuid);

/// <summary>SMB2_CREATE_DURABLE_HANDLE_RECONNECT_V2 (MS-SMB2 2.2.13.2.12).</summary>
internal readonly record struct DurableHandleReconnectV2(Smb2FileId FileId, Guid CreateGuid, DurableHandleFlags Flags);

/// <summary>SMB2_CREATE_APP_INSTANCE_VERSION (MS-SMB2 2.2.13.2.15).</summary>
internal readonly record struct AppInstanceVersion(ulong High, ulong Low);

/// <summary>SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST (MS-SMB2 2.2.13.2.5).</summary>
/// <param name="Timestamp">Null when the client gave none; otherwise the answer is only wanted if the file changed since.</param>
internal readonly record struct MaximalAccessQuery(FileTime? Timestamp);
