using Smb3.Embedded.Pipes.NetApi;
using Field = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.IPipeHost>;
using Level = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.IPipeHost>;

namespace Smb3.Embedded.Pipes.SrvSvc;

/// <summary>The levels of server information (MS-SRVS sections 2.2.4.40 to 2.2.4.42).</summary>
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

    /// <summary>A level; null when there is none of this number.</summary>
    public static Level? For(uint level) => level switch
    {
        100 => Level100,
        101 => Level101,
        102 => Level102,
        _ => null,
    };
}
