using System.Net;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Sqlite;

namespace Smb3.Embedded.Samples.Continuity;

/// <summary>A server with one continuously available share: this is all that an app needs for it.</summary>
internal static class Server
{
    public const string Share = "vm", User = "demo", Password = "goes-on-where-it-was";

    public static async Task<int> RunAsync(IPEndPoint listen, string folder, string state)
    {
        var builder = SmbServer.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder
            .Listen(listen.ToString())
            .AddShare(Share, folder, share => share.ContinuouslyAvailable = true)
            .AddUser(User, Password)
            .UseSqliteState(state);
        await using var server = builder.Build();
        await server.StartAsync();
        var back = server.Inspect().Opens.Count;
        Console.WriteLine($"process {Environment.ProcessId} serves; {back} {(back == 1 ? "handle" : "handles")} came back");
        await server.WaitForShutdownAsync();
        return 0;
    }
}
