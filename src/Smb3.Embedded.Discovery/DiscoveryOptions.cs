namespace Smb3.Embedded;

/// <summary>How a server lets itself be found.</summary>
public sealed class DiscoveryOptions
{
    /// <summary>Whether it is announced over mDNS, for macOS, iOS and Linux. Default on.</summary>
    public bool Mdns { get; set; } = true;

    /// <summary>Whether it is announced by WS-Discovery, for Windows' Explorer. Default on.</summary>
    public bool WebServices { get; set; } = true;

    /// <summary>The name that people see, at most 63 bytes of UTF-8. Default: <see cref="SmbServerOptions.ServerName"/>.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// The name of the host below <c>local</c>, to which clients connect: at most 63 letters, digits and hyphens. Default:
    /// <see cref="SmbServerOptions.ServerName"/>. Where another host has it, it gets a number.
    /// </summary>
    public string? HostName { get; set; }

    /// <summary>
    /// The Mac model whose icon macOS shows, such as <c>MacPro</c>; empty: none is announced. Default: <see cref="SmbServerOptions.AppleModel"/>.
    /// </summary>
    public string? Model { get; set; }

    /// <summary>The workgroup in which Windows shows it, at most 15 characters. Default: <see cref="SmbServerOptions.DomainName"/>.</summary>
    public string? Workgroup { get; set; }

    /// <summary>
    /// The interfaces that it is announced on. Each entry is an interface's name (<c>eth0</c>, <c>bond*</c>), an address or a network; one that
    /// begins with <c>!</c> leaves out. When none is named: those by which the server tells clients to reach it
    /// (<see cref="SmbServerOptions.Interfaces"/>). Only addresses that the server listens on are announced.
    /// </summary>
    public IList<string> Interfaces { get; } = [];

    /// <summary>
    /// The port at which Windows gets the description of the server, by HTTP. 0 takes a free one, which a firewall must then let through.
    /// Default 5357, which Windows uses itself.
    /// </summary>
    public int WebServicesPort { get; set; } = 5357;
}
