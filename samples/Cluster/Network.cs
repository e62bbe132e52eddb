using System.Diagnostics;
using System.Globalization;

namespace Smb3.Embedded.Samples.Cluster;

/// <summary>A network of namespaces on one bridge: the clients and the database at its first address, a node at each of the others.</summary>
/// <param name="prefix">What the names of its namespaces begin with.</param>
/// <param name="nodes">How many nodes there are.</param>
internal sealed class Network(string prefix, int nodes) : IDisposable
{
    /// <summary>Where the clients and the database are.</summary>
    public const string HubAddress = "10.78.0.1";

    public string Prefix => prefix;

    public int Nodes => nodes;

    private string Hub => prefix + "hub";

    public static Network Make(int nodes)
    {
        var network = new Network("smb" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture), nodes);
        try
        {
            network.Make();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    public static string AddressOf(int node) => string.Create(CultureInfo.InvariantCulture, $"10.78.0.{10 + node}");

    /// <summary>Runs this program where the clients are.</summary>
    public async Task<int> RunInHubAsync(params string[] arguments)
    {
        using var process = Process.Start("ip", ["netns", "exec", Hub, .. Self, .. arguments]);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>The command that runs this program where a node is.</summary>
    public IEnumerable<string> CommandOf(int node, params string[] arguments) => ["netns", "exec", Name(node), .. Self, .. arguments];

    /// <summary>Takes a node's way to the database away, or gives it back; its clients still reach it.</summary>
    public void CutDatabase(int node, bool isCut, int port) => Run(
        "ip", "netns", "exec", Name(node), "iptables", isCut ? "-A" : "-D", "OUTPUT", "-d", HubAddress, "-p", "tcp", "--dport",
        port.ToString(CultureInfo.InvariantCulture), "-j", "DROP");

    public void Dispose()
    {
        foreach (var name in Enumerable.Range(1, nodes).Select(Name).Append(Hub))
        {
            using var process = Process.Start("ip", ["netns", "delete", name]);
            process.WaitForExit();
        }
    }

    private static IEnumerable<string> Self => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, typeof(Network).Assembly.Location] : [Environment.ProcessPath!];

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");
        }
    }

    private string Name(int node) => string.Create(CultureInfo.InvariantCulture, $"{prefix}n{node}");

    private void Make()
    {
        Run("ip", "netns", "add", Hub);
        Run("ip", "-n", Hub, "link", "set", "lo", "up");
        Run("ip", "-n", Hub, "link", "add", "hub", "type", "bridge");
        Run("ip", "-n", Hub, "address", "add", HubAddress + "/24", "dev", "hub");
        Run("ip", "-n", Hub, "link", "set", "hub", "up");
        for (var node = 1; node <= nodes; node++)
        {
            var port = string.Create(CultureInfo.InvariantCulture, $"to{node}");
            Run("ip", "netns", "add", Name(node));
            Run("ip", "-n", Name(node), "link", "set", "lo", "up");
            Run("ip", "-n", Hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", Name(node));
            Run("ip", "-n", Hub, "link", "set", port, "master", "hub", "up");
            Run("ip", "-n", Name(node), "address", "add", AddressOf(node) + "/24", "dev", "eth0");
            Run("ip", "-n", Name(node), "link", "set", "eth0", "up");
        }
    }
}
