// A copy goes on while the nodes of a cluster die, sleep, lose their database and leave. `samples/Cluster/run` shows it; it calls
//
//   Cluster                                      makes the network, and there
//   Cluster demo NETWORK                         the clients and the database; starts the nodes
//   Cluster serve NAME ADDRESS FOLDER DATABASE   one node: one clustered share, and a namespace that leads to it
using System.Net;
using Smb3.Embedded.Samples.Cluster;

const int Nodes = 3;
switch (args)
{
    case []:
        using (var network = Network.Make(Nodes))
        {
            return await network.RunInHubAsync("demo", network.Prefix);
        }

    case ["demo", var prefix]:
        return await Demo.RunAsync(new Network(prefix, Nodes));
    case ["serve", var name, var address, var folder, var database]:
        return await Node.ServeAsync(name, IPAddress.Parse(address), folder, database);
    default:
        await Console.Error.WriteLineAsync("usage: Cluster | demo NETWORK | serve NAME ADDRESS FOLDER DATABASE");
        return 2;
}
