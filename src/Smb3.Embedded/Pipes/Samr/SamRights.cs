using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>
/// The rights of one kind of object (MS-SAMR 2.2.1.3 to 2.2.1.7): what the generic ones stand for, and which there are to have. Nobody may change
/// anything this way, administrators neither, so nobody is given a right to.
/// </summary>
/// <param name="Generic">The generic rights.</param>
/// <param name="Allowed">What everybody has who may ask at all.</param>
internal sealed record SamRights(GenericRights Generic, uint Allowed)
{
    /// <summary>SAM_SERVER_*: connect, enumerate domains, look up a domain.</summary>
    public static SamRights Server { get; } = new(new(0x00020010, 0x0002000E, 0x00020021, 0x000F003F), 0x00020031);

    /// <summary>DOMAIN_*.</summary>
    public static SamRights Domain { get; } = new(new(0x00020084, 0x0002047A, 0x00020301, 0x000F07FF), 0x00020385);

    /// <summary>GROUP_*.</summary>
    public static SamRights Group { get; } = new(new(0x00020010, 0x0002000E, 0x00020001, 0x000F001F), 0x00020011);

    /// <summary>ALIAS_*.</summary>
    public static SamRights Alias { get; } = new(new(0x00020004, 0x00020013, 0x00020008, 0x000F001F), 0x0002000C);

    /// <summary>USER_*. GENERIC_EXECUTE includes the right to change the password, which clients ask for and then find refused.</summary>
    public static SamRights User { get; } = new(new(0x0002031A, 0x00020044, 0x00020041, 0x000F07FF), 0x0002035B);
}
