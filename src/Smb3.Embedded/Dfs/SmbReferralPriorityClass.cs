namespace Smb3.Embedded;

/// <summary>
/// How early a referral names a target (MS-DFSNM 2.2.2.4, the classes of PowerShell's <c>New-DfsnFolderTarget</c>). All targets count as
/// being at the client's site, so the classes follow each other in this order.
/// </summary>
public enum SmbReferralPriorityClass
{
    /// <summary>Before all others.</summary>
    GlobalHigh = 0,

    /// <summary>First among the targets of a site.</summary>
    SiteCostHigh = 1,

    /// <summary>The usual class.</summary>
    SiteCostNormal = 2,

    /// <summary>Last among the targets of a site.</summary>
    SiteCostLow = 3,

    /// <summary>After all others.</summary>
    GlobalLow = 4,
}
