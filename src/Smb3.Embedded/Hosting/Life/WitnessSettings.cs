using System.Net;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>What the witness service runs with.</summary>
/// <param name="Source">What it tells about.</param>
/// <param name="Addresses">What its ports are listened on.</param>
/// <param name="Port">The port of the service; zero: any.</param>
/// <param name="EndpointMapperPort">The port of the endpoint mapper, zero: any; null: the usual one, where it can be had.</param>
/// <param name="NetworkNames">The names that clients may know the server by.</param>
internal sealed record WitnessSettings(
    ISmbWitnessSource Source, IReadOnlyList<IPAddress> Addresses, int Port, int? EndpointMapperPort, IReadOnlyList<string> NetworkNames)
{
    /// <summary>The port of the endpoint mapper that every client knows.</summary>
    public const int UsualEndpointMapperPort = 135;

    public static WitnessSettings Create(SmbServerOptions options, IEnumerable<IPEndPoint> smb, ISmbWitnessSource? cluster = null)
    {
        var witness = options.Witness;
        return new WitnessSettings(
            witness.Source ?? (witness.Interfaces.Count > 0 ? null : cluster) ?? Fixed(witness.Interfaces),
            witness.Addresses.Count > 0 ? [.. witness.Addresses] : [.. smb.Select(endPoint => endPoint.Address).Distinct()],
            witness.Port,
            witness.EndpointMapperPort,
            witness.NetworkNames.Count > 0 ? [.. witness.NetworkNames] : [options.ServerName]);
    }

    /// <summary>
    /// Whether clients may know the server by this name (ServerGlobalName, MS-SWN 3.1.1.1). A name without a domain also stands for the same
    /// name in any domain, because clients name a server as their user did.
    /// </summary>
    public bool HasName(string name) => NetworkNames.Any(
        own => name.Equals(own, StringComparison.OrdinalIgnoreCase)
            || (!own.Contains('.', StringComparison.Ordinal)
                && name.Length > own.Length && name[own.Length] == '.' && name.StartsWith(own, StringComparison.OrdinalIgnoreCase)));

    private static SmbWitnessSource Fixed(IEnumerable<SmbWitnessInterface> interfaces)
    {
        var source = new SmbWitnessSource();
        source.SetInterfaces(interfaces);
        return source;
    }
}
