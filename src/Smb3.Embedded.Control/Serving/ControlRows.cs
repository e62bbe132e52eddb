using System.Globalization;
using Smb3.Embedded.Control.Protocol;

namespace Smb3.Embedded.Control.Serving;

/// <summary>What a server knows, as rows of an answer.</summary>
internal static class ControlRows
{
    public static ControlShare Of(SmbShareInfo share) => new()
    {
        Name = share.Name,
        Folder = share.Folder,
        IsAvailable = share.IsAvailable,
        ReadOnly = share.ReadOnly,
        Uses = share.CurrentUses,
        Files = share.OpenCount,
        BytesRead = share.BytesRead,
        BytesWritten = share.BytesWritten,
    };

    public static ControlSession Of(SmbActiveSession session) => new()
    {
        Id = SessionId(session.Info.SessionId),
        User = session.Info.Identity.ToString(),
        Computer = session.Info.Identity.WorkstationName,
        Addresses = [.. session.Channels.Select(static channel => channel.Remote.ToString()!)],
        Dialect = session.Info.Dialect,
        Protection = string.Join(", ", session.Channels.Select(static channel => channel.Protection).Where(static name => name.Length > 0).Distinct()),
        Since = session.StartedAt,
        Shares = [.. session.Shares.Distinct(StringComparer.OrdinalIgnoreCase)],
        Files = session.OpenCount,
    };

    public static ControlFile Of(SmbActiveOpen open) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"{ControlProtocol.FileMark}{open.OpenId}"),
        Session = open.SessionId is { } session ? SessionId(session) : null,
        User = open.Identity.ToString(),
        Share = open.ShareName,
        Path = open.Path,
        Kind = open.IsPipe ? "pipe" : open.IsDirectory ? "folder" : "file",
        Access = ((uint)open.Access).ToString("x8", CultureInfo.InvariantCulture),
        Caching = CachingOf(open.Caching),
        Since = open.OpenedAt,
    };

    public static ControlNode Of(SmbClusterNode node, string here) => new()
    {
        Name = node.Name,
        Addresses = [.. node.Addresses.Select(static address => address.ToString())],
        IsAlive = node.IsAlive,
        IsDraining = node.IsDraining,
        IsFenced = node.IsFenced,
        IsHere = node.Name.Equals(here, StringComparison.OrdinalIgnoreCase),
        LeaseSecondsLeft = Math.Round(node.LeaseLeft.TotalSeconds, 1),
        Files = node.Opens,
        BytesPerSecond = node.BytesPerSecond,
    };

    public static ControlClusterShare Of(SmbClusterShare share) => new()
    {
        Name = share.Name,
        Owner = share.Owner,
        MovesTo = share.MovesTo,
        PartOf = share.PartOf,
        Folder = share.Folder,
        Epoch = share.Epoch,
    };

    private static string SessionId(ulong number) => string.Create(CultureInfo.InvariantCulture, $"{ControlProtocol.SessionMark}{number}");

    private static string CachingOf(SmbCaching caching) => string.Concat(
        caching.HasFlag(SmbCaching.Read) ? "R" : string.Empty,
        caching.HasFlag(SmbCaching.Write) ? "W" : string.Empty,
        caching.HasFlag(SmbCaching.Handle) ? "H" : string.Empty);
}
