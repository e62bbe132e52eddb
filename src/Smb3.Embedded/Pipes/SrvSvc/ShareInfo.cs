using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.NetApi;
using Field = Smb3.Embedded.Pipes.NetApi.NetField<Smb3.Embedded.Pipes.Host.PipeShare>;
using Level = Smb3.Embedded.Pipes.NetApi.NetInfoLevel<Smb3.Embedded.Pipes.Host.PipeShare>;

namespace Smb3.Embedded.Pipes.SrvSvc;

/// <summary>The levels of share information (MS-SRVS 2.2.4.22 to 2.2.4.33).</summary>
internal static class ShareInfo
{
    private const uint SpecialType = 0x80000000;

    private static readonly Field Name = Field.Text(share => share.Name);
    private static readonly Field Type = Field.Number(share => (uint)share.Type | (share.IsSpecial ? SpecialType : 0));
    private static readonly Field Remark = Field.Text(share => share.Comment);
    private static readonly Field Permissions = Field.Number(_ => 0);
    private static readonly Field MaxUses = Field.Number(share => share.MaxUses ?? uint.MaxValue);
    private static readonly Field CurrentUses = Field.Number(share => share.CurrentUses);
    private static readonly Field Path = Field.Text(share => share.PathShown);
    private static readonly Field Password = Field.Text(_ => null);
    private static readonly Field ServerName = Field.Text(_ => "*");
    private static readonly Field Flags = Field.Number(share => share.Flags);
    private static readonly Field SecurityLength = Field.Number(share => (uint)share.SecurityDescriptor.Length);
    private static readonly Field Security = Field.Bytes(share => share.SecurityDescriptor);

    private static readonly Level Level0 = new(Name);
    private static readonly Level Level1 = new(Name, Type, Remark);
    private static readonly Level Level2 = new(Name, Type, Remark, Permissions, MaxUses, CurrentUses, Path, Password);
    private static readonly Level Level501 = new(Name, Type, Remark, Flags);

    private static readonly Level Level502 =
        new(Name, Type, Remark, Permissions, MaxUses, CurrentUses, Path, Password, SecurityLength, Security);

    private static readonly Level Level503 =
        new(Name, Type, Remark, Permissions, MaxUses, CurrentUses, Path, Password, ServerName, SecurityLength, Security);

    private static readonly Level Level1005 = new(Flags);

    /// <summary>The levels of NetrShareEnum; null for any other.</summary>
    public static Level? ForEnum(uint level) => level switch
    {
        0 => Level0,
        1 => Level1,
        2 => Level2,
        501 => Level501,
        502 => Level502,
        503 => Level503,
        _ => null,
    };

    /// <summary>The levels of NetrShareGetInfo; null for any other.</summary>
    public static Level? ForGetInfo(uint level) => level == 1005 ? Level1005 : ForEnum(level);

    /// <summary>Whether the SHARE_INFO union (MS-SRVS 2.2.3.6) has a case for a level; some of them can only be set.</summary>
    public static bool IsInUnion(uint level) => level is 0 or 1 or 2 or 501 or 502 or 503 or 1004 or 1005 or 1006 or 1501;

    /// <summary>
    /// Whether a level reveals more than name, kind and comment. Windows keeps these from all but administrators. Here the host decides per
    /// caller which path and security descriptor a share shows, so any account may ask and only anonymous callers may not.
    /// </summary>
    public static bool IsDetailed(uint level) => level is 2 or 502 or 503;
}
