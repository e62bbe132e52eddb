namespace Smb3.Embedded.Nt.Security;

/// <summary>A group of a token (KERB_SID_AND_ATTRIBUTES, MS-PAC 2.2.1).</summary>
internal readonly record struct TokenGroup(Sid Sid, GroupAttributes Attributes)
{
    /// <summary>An ordinary group, with the attributes that groups usually have.</summary>
    public static TokenGroup Enabled(Sid sid) =>
        new(sid, GroupAttributes.Mandatory | GroupAttributes.EnabledByDefault | GroupAttributes.Enabled);
}
