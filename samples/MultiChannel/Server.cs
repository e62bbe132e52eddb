using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Samples.MultiChannel;

/// <summary>The server, and a view of its channels that follows every change.</summary>
internal static class Server
{
    public const string Share = "demo", User = "demo", Password = "over-all-links";

    public static async Task<int> RunAsync(IPEndPoint listen)
    {
        await using var server = Create([listen]);
        await server.StartAsync();
        var ended = server.WaitForShutdownAsync();
        Console.WriteLine($"server: listening on {server.EndPoints[0]}");
        var watching = ShowAsync(server);
        await ended;
        await server.DisposeAsync();
        await watching;
        return 0;
    }

    public static SmbServer Create(IEnumerable<IPEndPoint> listen, SmbServerHooks? hooks = null)
    {
        var builder = SmbServer.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.AddShare(Share, SmbShareOptions.Memory).AddUser(User, Password).Configure(options =>
        {
            foreach (var endPoint in listen)
            {
                options.Listen.Add(endPoint);
            }

            options.Hooks = hooks;
        });
        return builder.Build();
    }

    /// <summary>Prints the channels whenever one comes or goes, until the server is disposed.</summary>
    public static async Task ShowAsync(SmbServer server)
    {
        await foreach (var change in server.WatchAsync())
        {
            var what = change.Kind switch
            {
                SmbChangeKind.SessionStarted => "session started",
                SmbChangeKind.SessionEnded => "session ended",
                SmbChangeKind.ChannelAdded => "channel came",
                SmbChangeKind.ChannelRemoved => "channel went",
                _ => null,
            };
            if (what is not null)
            {
                Console.WriteLine($"server: {what}{View(server.Inspect())}");
            }
        }
    }

    private static string View(SmbServerSnapshot seen)
    {
        var traffic = seen.Connections.ToDictionary(connection => connection.Info.ConnectionId);
        var lines = from session in seen.Sessions
                    from channel in session.Channels
                    let connection = traffic[channel.ConnectionId]
                    select string.Create(
                        CultureInfo.InvariantCulture,
                        $"\n           {session.Info.Identity.UserName} {channel.Remote} -> {channel.Local}   "
                        + $"received {Mebibytes(connection.BytesReceived)}, sent {Mebibytes(connection.BytesSent)}");
        return string.Concat(lines);
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");
}
