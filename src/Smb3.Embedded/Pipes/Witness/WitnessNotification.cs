using System.Net;

namespace Smb3.Embedded.Pipes.Witness;

/// <summary>What a RESP_ASYNC_NOTIFY holds (MS-SWN 2.2.2.4).</summary>
internal enum WitnessMessageType : uint
{
    ResourceChange = 1,
    ClientMove = 2,
    ShareMove = 3,
    IPChange = 4,
}

/// <summary>The flags of an IPADDR_INFO (MS-SWN 2.2.2.1) beside those of the address family.</summary>
[Flags]
internal enum WitnessAddressFlags : uint
{
    None = 0,
    IPv4 = 0x01,
    IPv6 = 0x02,
    Online = 0x08,
    Offline = 0x10,
}

/// <summary>One answer to WitnessrAsyncNotify: changes of resources, or a list of addresses.</summary>
/// <param name="Type">Which.</param>
internal sealed record WitnessNotification(WitnessMessageType Type)
{
    public IReadOnlyList<(string Resource, SmbWitnessState State)> Changes { get; init; } = [];

    public IReadOnlyList<(IPAddress Address, WitnessAddressFlags Flags)> Addresses { get; init; } = [];
}
