namespace Smb3.Embedded.Nt.Security;

/// <summary>What the generic rights of an access mask (MS-DTYP 2.4.3) stand for on one kind of object.</summary>
/// <param name="Read">GENERIC_READ.</param>
/// <param name="Write">GENERIC_WRITE.</param>
/// <param name="Execute">GENERIC_EXECUTE.</param>
/// <param name="All">GENERIC_ALL.</param>
internal sealed record GenericRights(uint Read, uint Write, uint Execute, uint All)
{
    private const uint MaximumAllowed = 0x02000000;
    private const uint GenericAll = 0x10000000;
    private const uint GenericExecute = 0x20000000;
    private const uint GenericWrite = 0x40000000;
    private const uint GenericRead = 0x80000000;

    /// <summary>The rights that a handle gets; null when they are none, or more than the caller has.</summary>
    /// <param name="desired">What the caller asks for.</param>
    /// <param name="allowed">What the caller has.</param>
    public uint? Grant(uint desired, uint allowed)
    {
        var wanted = desired & ~(MaximumAllowed | GenericAll | GenericExecute | GenericWrite | GenericRead);
        wanted |= (desired & GenericAll) != 0 ? All : 0;
        wanted |= (desired & GenericExecute) != 0 ? Execute : 0;
        wanted |= (desired & GenericWrite) != 0 ? Write : 0;
        wanted |= (desired & GenericRead) != 0 ? Read : 0;
        wanted |= (desired & MaximumAllowed) != 0 ? allowed : 0;
        return (wanted & ~allowed) == 0 && wanted != 0 ? wanted : null;
    }
}
