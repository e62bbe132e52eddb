namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>A lease or an oplock.</summary>
internal sealed record MonitorLease
{
    public required string Id { get; init; }

    public required bool IsOplock { get; init; }

    public required string Path { get; init; }

    public required MonitorCaching Caching { get; init; }

    public required bool IsBreaking { get; init; }

    public required int Opens { get; init; }

    public static MonitorLease Of(SmbActiveLease lease) => new()
    {
        Id = MonitorIds.Of(lease),
        IsOplock = lease.IsOplock,
        Path = $@"\{lease.ShareName}\{lease.Path}",
        Caching = MonitorCaching.Of(lease.Caching),
        IsBreaking = lease.IsBreaking,
        Opens = lease.OpenIds.Count,
    };
}
