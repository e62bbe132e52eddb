namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>A node of the cluster.</summary>
internal sealed record MonitorNode
{
    public required string Name { get; init; }

    public required string Addresses { get; init; }

    public required double LeaseLeft { get; init; }

    public required long Opens { get; init; }

    public required long BytesPerSecond { get; init; }

    public required bool IsDraining { get; init; }

    public required bool IsFenced { get; init; }

    public static MonitorNode Of(SmbClusterNode node) => new()
    {
        Name = node.Name,
        Addresses = string.Join(", ", node.Addresses),
        LeaseLeft = node.LeaseLeft.TotalSeconds,
        Opens = node.Opens,
        BytesPerSecond = node.BytesPerSecond,
        IsDraining = node.IsDraining,
        IsFenced = node.IsFenced,
    };
}

/// <summary>A share that the nodes serve in turn, or a part of one.</summary>
internal sealed record MonitorClusterShare
{
    public required string Name { get; init; }

    public required string Share { get; init; }

    public string? Folder { get; init; }

    public string? Owner { get; init; }

    public required long Epoch { get; init; }

    public string? MovesTo { get; init; }

    public required bool IsHere { get; init; }

    public required long Opens { get; init; }

    public required long BytesPerSecond { get; init; }

    /// <summary>Each part under its share, by the folder.</summary>
    public static IEnumerable<MonitorClusterShare> InOrder(IEnumerable<SmbClusterShare> shares) => shares
        .OrderBy(static share => share.PartOf ?? share.Name, StringComparer.OrdinalIgnoreCase)
        .ThenBy(static share => share.Folder, StringComparer.OrdinalIgnoreCase)
        .Select(static share => new MonitorClusterShare
        {
            Name = share.Name,
            Share = share.PartOf ?? share.Name,
            Folder = share.Folder,
            Owner = share.Owner,
            Epoch = share.Epoch,
            MovesTo = share.MovesTo,
            IsHere = share.IsHere,
            Opens = share.Opens,
            BytesPerSecond = share.BytesPerSecond,
        });
}
