namespace Smb3.Embedded.Nt;

/// <summary>
/// Which parts of a security descriptor are read or set (MS-DTYP 2.4.7; AdditionalInformation of MS-SMB2 2.2.37).
/// </summary>
[Flags]
internal enum SecurityInformation : uint
{
    /// <summary>No part.</summary>
    None = 0,

    /// <summary>The owner.</summary>
    Owner = 0x00000001,

    /// <summary>The primary group.</summary>
    Group = 0x00000002,

    /// <summary>Who may do what.</summary>
    Dacl = 0x00000004,

    /// <summary>What is audited.</summary>
    Sacl = 0x00000008,

    /// <summary>The integrity label, which stands in the SACL.</summary>
    Label = 0x00000010,

    /// <summary>Resource attributes, which stand in the SACL.</summary>
    Attribute = 0x00000020,

    /// <summary>The central access policy, which stands in the SACL.</summary>
    Scope = 0x00000040,

    /// <summary>All of it, for backup.</summary>
    Backup = 0x00010000,
}
