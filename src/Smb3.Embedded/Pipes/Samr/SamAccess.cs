namespace Smb3.Embedded.Pipes.Samr;

/// <summary>The rights that operations ask for (MS-SAMR 2.2.1.3 to 2.2.1.7).</summary>
internal static class SamAccess
{
    /// <summary>SAM_SERVER_*.</summary>
    public const uint ServerEnumerateDomains = 0x10;
    public const uint ServerLookupDomain = 0x20;

    /// <summary>DOMAIN_*.</summary>
    public const uint DomainReadPasswordParameters = 0x001;
    public const uint DomainReadOtherParameters = 0x004;
    public const uint DomainGetAliasMembership = 0x080;
    public const uint DomainListAccounts = 0x100;
    public const uint DomainLookup = 0x200;

    /// <summary>GROUP_*.</summary>
    public const uint GroupReadInformation = 0x01;
    public const uint GroupListMembers = 0x10;

    /// <summary>ALIAS_*.</summary>
    public const uint AliasListMembers = 0x04;
    public const uint AliasReadInformation = 0x08;

    /// <summary>USER_*.</summary>
    public const uint UserReadGeneral = 0x001;
    public const uint UserReadPreferences = 0x002;
    public const uint UserReadLogon = 0x008;
    public const uint UserReadAccount = 0x010;
    public const uint UserListGroups = 0x100;

    /// <summary>READ_CONTROL, of every object.</summary>
    public const uint ReadControl = 0x00020000;
}
