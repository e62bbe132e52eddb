using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.NetApi;
using Field = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.Host.IPipeHost>;
using Level = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.Host.IPipeHost>;

namespace Smb3.Embedded.Pipes.SrvSvc;

/// <summary>The levels of server information (MS-SRVS 2.2.4.40 to 2.2.4.42).</summary>
internal static class ServerInfo
{
    private static readonly Field Platform = Field.Number(_ => ServerIdentity.PlatformId);
    private static readonly Field Name = Field.Text(host => host.ServerName);
    private static readonly Field Major = Field.Number(host => (uint)host.OsVersion.Major);
    private static readonly Field Minor = Field.Number(host => (uint)host.OsVersion.Minor);
    private static readonly Field Type = Field.Number(_ => ServerIdentity.ServerType);
    private static readonly Field Comment = Field.Text(host => host.ServerComment);
    private static readonly Field Users = Field.Number(host => host.MaxUsers ?? uint.MaxValue);

    // SV_NODISC: idle users are not counted down in minutes here.
    private static readonly Field Disconnect = Field.Number(_ => uint.MaxValue);
    private static readonly Field Hidden = Field.Number(_ => 0);
    private static readonly Field Announce = Field.Number(_ => 240);
    private static readonly Field AnnounceDelta = Field.Number(_ => 3000);
    private static readonly Field Licenses = Field.Number(_ => 0);
    private static readonly Field UserPath = Field.Text(_ => "");

    private static readonly Level Level100 = new(Platform, Name);
    private static readonly Level Level101 = new(Platform, Name, Major, Minor, Type, Comment);

    private static readonly Level Level102 = new(
        Platform, Name, Major, Minor, Type, Comment, Users, Disconnect, Hidden, Announce, AnnounceDelta, Licenses, UserPath);

    /// <summary>Whether the SERVER_INFO union (MS-SRVS 2.2.3.7) has a case for a level; most of them belong to servers long gone.</summary>
    public static bool IsInUnion(uint level) => level
        is (>= 100 and <= 103) or 502 or 503 or 599 or 1005 or 1010 or (>= 1016 and <= 1018) or 1107
        or (>= 1501 and <= 1503) or 1506 or (>= 1510 and <= 1516) or 1518 or 1523 or (>= 1528 and <= 1530) or (>= 1533 and <= 1536)
        or (>= 1538 and <= 1550) or (>= 1552 and <= 1556);

    /// <summary>A level; null when there is none with this number.</summary>
    public static Level? For(uint level) => level switch
    {
        100 => Level100,
        101 => Level101,
        102 => Level102,
        _ => null,
    };
}
