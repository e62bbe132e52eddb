using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>Where a protocol of discovery is spoken.</summary>
/// <param name="V4">Its group of IPv4.</param>
/// <param name="V6">Its group of IPv6.</param>
/// <param name="Port">Its port.</param>
/// <param name="Hops">The time to live of what is sent.</param>
internal sealed record MulticastGroup(IPAddress V4, IPAddress V6, int Port, int Hops)
{
    /// <summary>RFC 6762 3 and 11.</summary>
    public static MulticastGroup Mdns { get; } = new(IPAddress.Parse("224.0.0.251"), IPAddress.Parse("ff02::fb"), 5353, 255);

    /// <summary>WS-Discovery 2.4; the time to live is 1 (SOAP-over-UDP), so that it stays on the link.</summary>
    public static MulticastGroup WebServices { get; } = new(IPAddress.Parse("239.255.255.250"), IPAddress.Parse("ff02::c"), 3702, 1);

    public IPAddress Of(AddressFamily family) => family == AddressFamily.InterNetwork ? V4 : V6;
}
