namespace Smb3.Embedded.Nt.Security;

/// <summary>What a group of a token counts for (SE_GROUP_*, MS-PAC 2.2.1 and MS-DTYP 2.5.2).</summary>
[Flags]
internal enum GroupAttributes : uint
{
    None = 0,

    /// <summary>The user cannot disable the group.</summary>
    Mandatory = 0x0000_0001,

    EnabledByDefault = 0x0000_0002,

    /// <summary>Entries that allow something to the group count for the user.</summary>
    Enabled = 0x0000_0004,

    /// <summary>The group may own what the user creates.</summary>
    Owner = 0x0000_0008,

    /// <summary>Only entries that deny something to the group count for the user.</summary>
    UseForDenyOnly = 0x0000_0010,

    /// <summary>A group of the resource's domain, not of the account's.</summary>
    Resource = 0x2000_0000,
}
