using System.Net;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes.EndpointMapper;

/// <summary>Where an interface can be reached over TCP.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="Annotation">What it is, for people; at most 63 characters.</param>
/// <param name="Listening">The port, and the address that it is listened on; any address when it is listened on all.</param>
internal sealed record MappedEndpoint(RpcSyntax Interface, string Annotation, IPEndPoint Listening)
{
    /// <summary>Whether a client that has reached this address of the server reaches the port there too.</summary>
    public bool IsAt(IPAddress? local) =>
        local is null || IsAny || Listening.Address.Equals(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local);

    /// <summary>The address that a client is told.</summary>
    public IPAddress AddressFor(IPAddress? local) => IsAny && local is not null ? local : Listening.Address;

    private bool IsAny => Listening.Address.Equals(IPAddress.Any) || Listening.Address.Equals(IPAddress.IPv6Any);
}
