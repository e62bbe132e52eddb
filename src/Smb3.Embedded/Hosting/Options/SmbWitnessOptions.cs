using System.Net;

namespace Smb3.Embedded;

/// <summary>
/// The witness service (MS-SWN), which tells clients of a cluster at once when an address fails or a share moves. It has a TCP port of its
/// own, which clients find through the endpoint mapper.
/// </summary>
public sealed class SmbWitnessOptions
{
    /// <summary>Whether it runs. Default off.</summary>
    public bool Enabled { get; set; }

    /// <summary>The port of the service: 0 to 65,535; 0 takes a free one. Default 0.</summary>
    public int Port { get; set; }

    /// <summary>
    /// The port of the endpoint mapper: 0 to 65,535; 0 takes a free one. <see langword="null"/>: port 135, which is where clients look for it,
    /// if it can be had; if not, a line in the log says so. Default <see langword="null"/>.
    /// </summary>
    public int? EndpointMapperPort { get; set; }

    /// <summary>What both are listened on. Default: the addresses of <see cref="SmbServerOptions.Listen"/>.</summary>
    public IList<IPAddress> Addresses { get; } = [];

    /// <summary>
    /// The names that clients may know the server by. One without a dot also stands for the same name in any domain. Default:
    /// <see cref="SmbServerOptions.ServerName"/>.
    /// </summary>
    public IList<string> NetworkNames { get; } = [];

    /// <summary>What clients are told, where there is no <see cref="Source"/>: addresses that do not change, each <c>GROUP=ADDRESS[ local]</c>.</summary>
    public IList<SmbWitnessInterface> Interfaces { get; } = [];

    /// <summary>What clients are told about; <see langword="null"/>: <see cref="Interfaces"/>. The host keeps owning it.</summary>
    public ISmbWitnessSource? Source { get; set; }
}
