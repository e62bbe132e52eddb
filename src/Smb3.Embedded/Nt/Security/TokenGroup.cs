namespace Smb3.Embedded.Nt.Security;

/// <summary>A group of a token (KERB_SID_AND_ATTRIBUTES, MS-PAC 2.2.1).</summary>
internal readonly record struct TokenGroup(Sid Sid, GroupAttributes Attributes)
{
    /// <summary>As every group is that nothing special is said of.</summary>
    public static TokenGroup Enabled(Sid sid) =>
        new(sid, GroupAttributes.Mandatory | GroupAttributes.EnabledByDefault | GroupAttributes.Enabled);
}
