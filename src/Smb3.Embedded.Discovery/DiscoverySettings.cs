using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery;

/// <summary>What <see cref="DiscoveryOptions"/> say, checked, with what follows from the server's options.</summary>
internal sealed record DiscoverySettings(
    bool Mdns, bool WebServices, string ServerName, string Name, string HostName, string Model, string Workgroup, LinkFilter Interfaces, int WebServicesPort, TimeProvider Time)
{
    private const int MaxModel = 32, MaxWorkgroup = 15;

    /// <exception cref="OptionsValidationException">Something is wrong; the failures name each setting.</exception>
    public static DiscoverySettings Create(DiscoveryOptions options, SmbServerOptions server)
    {
        var name = options.Name ?? server.ServerName;
        var host = options.HostName ?? ToLabel(server.ServerName);
        var model = options.Model ?? server.AppleModel;
        var workgroup = options.Workgroup ?? server.DomainName;
        var failures = new List<string>();
        Check(name.Length > 0 && Encoding.UTF8.GetByteCount(name) <= DnsName.MaxLabel && !name.Any(char.IsControl),
            nameof(options.Name), $"'{name}' has not 1 to {DnsName.MaxLabel} bytes of UTF-8");
        Check(host.Length is > 0 and <= DnsName.MaxLabel && host == ToLabel(host),
            nameof(options.HostName), $"'{host}' has not 1 to {DnsName.MaxLabel} letters, digits and hyphens, which stand neither first nor last");
        Check(Encoding.UTF8.GetByteCount(model) <= MaxModel && !model.Any(char.IsControl), nameof(options.Model), $"'{model}' is longer than {MaxModel} characters");
        Check(workgroup.Length is > 0 and <= MaxWorkgroup && !workgroup.Any(char.IsControl),
            nameof(options.Workgroup), $"'{workgroup}' has not 1 to {MaxWorkgroup} characters");
        Check(options.WebServicesPort is >= 0 and <= IPEndPoint.MaxPort, nameof(options.WebServicesPort), $"{options.WebServicesPort} is no port");
        Check(options.Interfaces.All(static one => one.TrimStart('!').Length > 0), nameof(options.Interfaces), "an entry is empty");
        return failures.Count > 0
            ? throw new OptionsValidationException(nameof(DiscoveryOptions), typeof(DiscoveryOptions), failures)
            : new DiscoverySettings(
                options.Mdns, options.WebServices, server.ServerName, name, host, model, workgroup, new LinkFilter([.. options.Interfaces]), options.WebServicesPort,
                server.TimeProvider);

        void Check(bool isFine, string setting, string problem)
        {
            if (!isFine)
            {
                failures.Add($"Discovery:{setting}: {problem}.");
            }
        }
    }

    /// <summary>What is told over mDNS of a server that has these shares now.</summary>
    public Announcement Announce(IEnumerable<string> timeMachine) => new(Name, HostName, Model, [.. timeMachine]);

    /// <summary>A name with hyphens in place of what a host's name does not have (RFC 1123 2.1).</summary>
    private static string ToLabel(string name)
    {
        var label = string.Concat(name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        return label.Length > 0 ? label : "smb";
    }
}
