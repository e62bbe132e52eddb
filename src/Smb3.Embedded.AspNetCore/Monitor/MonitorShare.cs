namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>A share.</summary>
internal sealed record MonitorShare
{
    public required string Name { get; init; }

    public required string Comment { get; init; }

    public required bool IsAvailable { get; init; }

    /// <summary>What is special about it: <c>read-only</c>, <c>sealed</c>, <c>guests</c>, <c>hidden</c>, <c>namespace</c>.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    public required int Uses { get; init; }

    public required int OpenCount { get; init; }

    public required MonitorRate Rate { get; init; }

    /// <summary>The size of where it lies; null: not known.</summary>
    public long? TotalBytes { get; init; }

    public long? FreeBytes { get; init; }

    public static MonitorShare Of(SmbShareInfo share, MonitorRate rate, IReadOnlyDictionary<string, SmbShareSpace> spaces)
    {
        var hasSpace = spaces.TryGetValue(share.Name, out var space);
        (bool Is, string Note)[] notes =
        [
            (share.ReadOnly, "read-only"), (share.Encrypt, "sealed"), (share.AllowGuest, "guests"), (share.Hidden, "hidden"), (share.IsNamespace, "namespace"),
        ];
        return new()
        {
            Name = share.Name,
            Comment = share.Comment,
            IsAvailable = share.IsAvailable,
            Notes = [.. notes.Where(static note => note.Is).Select(static note => note.Note)],
            Uses = share.CurrentUses,
            OpenCount = share.OpenCount,
            Rate = rate,
            TotalBytes = hasSpace ? space.TotalBytes : null,
            FreeBytes = hasSpace ? space.FreeBytes : null,
        };
    }
}
