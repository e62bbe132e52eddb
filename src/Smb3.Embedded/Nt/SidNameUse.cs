namespace Smb3.Embedded.Nt;

/// <summary>What a SID stands for (MS-LSAT 2.2.13, SID_NAME_USE).</summary>
public enum SidNameUse : ushort
{
#pragma warning disable CS1591 // the names are the specification's
    User = 1,
    Group = 2,
    Domain = 3,
    Alias = 4,
    WellKnownGroup = 5,
    DeletedAccount = 6,
    Invalid = 7,
    Unknown = 8,
    Computer = 9,
    Label = 10,
#pragma warning restore CS1591
}
