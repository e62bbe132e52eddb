using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.NetApi;
using Field = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.WksSvc.Workstation>;
using Level = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.WksSvc.Workstation>;
using UserField = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.WksSvc.WorkstationUser>;
using UserLevel = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.WksSvc.WorkstationUser>;

namespace Smb3.Embedded.Pipes.WksSvc;

/// <summary>What NetrWkstaGetInfo returns.</summary>
internal sealed record Workstation(IPipeHost Host, uint LoggedOnUsers);

/// <summary>What NetrWkstaUserEnum returns.</summary>
internal sealed record WorkstationUser(string Name, string Domain, string Server);

/// <summary>The levels of workstation and user information (MS-WKST 2.2.5.1 to 2.2.5.3, 2.2.5.9 and 2.2.5.10).</summary>
internal static class WkstaInfo
{
    private static readonly Field Platform = Field.Number(_ => ServerIdentity.PlatformId);
    private static readonly Field Name = Field.Text(wksta => wksta.Host.ServerName);
    private static readonly Field Group = Field.Text(wksta => wksta.Host.DomainName);
    private static readonly Field Major = Field.Number(wksta => (uint)wksta.Host.OsVersion.Major);
    private static readonly Field Minor = Field.Number(wksta => (uint)wksta.Host.OsVersion.Minor);
    private static readonly Field Root = Field.Text(_ => "");
    private static readonly Field Users = Field.Number(wksta => wksta.LoggedOnUsers);
    private static readonly UserField UserName = UserField.Text(user => user.Name);

    private static readonly Level Level100 = new(Platform, Name, Group, Major, Minor);
    private static readonly Level Level101 = new(Platform, Name, Group, Major, Minor, Root);
    private static readonly Level Level102 = new(Platform, Name, Group, Major, Minor, Root, Users);
    private static readonly UserLevel User0 = new(UserName);

    private static readonly UserLevel User1 =
        new(UserName, UserField.Text(user => user.Domain), UserField.Text(_ => ""), UserField.Text(user => user.Server));

    /// <summary>The levels of NetrWkstaGetInfo; null for any other.</summary>
    public static Level? For(uint level) => level switch
    {
        100 => Level100,
        101 => Level101,
        102 => Level102,
        _ => null,
    };

    /// <summary>Whether the WKSTA_INFO union (MS-WKST 2.2.4.1) has a case for a level.</summary>
    public static bool IsInUnion(uint level) => level is 100 or 101 or 102 or 502 or 1013 or 1018 or 1046;

    /// <summary>The levels of NetrWkstaUserEnum; null for any other.</summary>
    public static UserLevel? ForUsers(uint level) => level switch
    {
        0 => User0,
        1 => User1,
        _ => null,
    };
}
