using System.Net;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.PostgreSql;

namespace Smb3.Embedded.Samples.Cluster;

/// <summary>A node: this is all that an app needs to be one.</summary>
internal static class Node
{
    public const string Share = "docs", Namespace = "corp", User = "demo", Password = "goes-on-wherever-it-is";

    /// <summary>What a node says with its name when it listens.</summary>
    public const string Serves = " serves as ";

    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(3);

    public static async Task<int> ServeAsync(string name, IPAddress address, string folder, string database)
    {
        var builder = SmbServer.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder
            .Listen($"{address}:445")
            .AddShare(Share, folder, static share => share.Clustered = true)
            .AddUser(User, Password)
            .UsePostgreSqlCluster(database, cluster =>
            {
                cluster.Node = name;
                cluster.LeaseTime = LeaseTime;
            });
        builder.AddNamespace(Namespace).Link(Share, $@"\\{address}\{Share}");
        await using var server = builder.Build();
        await server.StartAsync();
        Console.WriteLine($"process {Environment.ProcessId}{Serves}{name}");
        await server.WaitForShutdownAsync();
        return 0;
    }
}
