using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Antiforgery;

namespace Smb3.Embedded.Samples.AspNetHost.Monitor;

/// <summary>
/// A live page of who uses the server, with buttons that end them. Whoever reaches it may use it: it is meant for the loopback, where
/// this sample listens. Before it is exposed, put authentication and authorization in front of the group (<c>RequireAuthorization</c>)
/// and TLS in front of the app.
/// </summary>
internal static class MonitorEndpoints
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(250), Longest = TimeSpan.FromSeconds(1);

    public static RouteGroupBuilder MapMonitor(this IEndpointRouteBuilder app, string path)
    {
        var group = app.MapGroup(path);
        group.MapGet("/", Page);
        group.MapGet("/events", (SmbServer server, IHostApplicationLifetime life, CancellationToken aborted) =>
            TypedResults.ServerSentEvents(FollowAsync(server, life.ApplicationStopping, aborted)));
        group.MapPost("/end/{kind}/{id}", EndAsync);
        return group;
    }

    /// <summary>The page carries the token that a request to end something must bring back: other sites cannot read it.</summary>
    private static IResult Page(HttpContext context, IAntiforgery antiforgery)
    {
        using var source = typeof(MonitorEndpoints).Assembly.GetManifestResourceStream("monitor.html")!;
        using var reader = new StreamReader(source);
        var token = antiforgery.GetAndStoreTokens(context).RequestToken;
        context.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'";
        context.Response.Headers.CacheControl = "no-store";
        return Results.Content(reader.ReadToEnd().Replace("{token}", token, StringComparison.Ordinal), "text/html; charset=utf-8");
    }

    /// <summary>What there is, again after each change, and once a second for what is counted.</summary>
    private static async IAsyncEnumerable<MonitorView> FollowAsync(
        SmbServer server, CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);

        // What has changed does not matter, only that something has: room for one change is enough.
        await using var changes = server.WatchAsync(capacity: 1).GetAsyncEnumerator(either.Token);
        var next = changes.MoveNextAsync().AsTask();
        try
        {
            do
            {
                yield return new MonitorView(server.Inspect());
                await Task.WhenAny(Task.Delay(Shortest, either.Token));
                await Task.WhenAny(next, Task.Delay(Longest, either.Token));
                while (next is { IsCompletedSuccessfully: true, Result: true })
                {
                    next = changes.MoveNextAsync().AsTask();
                }
            }
            while (!either.IsCancellationRequested && !next.IsCompleted);
        }
        finally
        {
            await either.CancelAsync();
            await Task.WhenAny(next);
        }
    }

    private static async Task<IResult> EndAsync(string kind, string id, HttpContext context, IAntiforgery antiforgery, SmbServer server)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Results.BadRequest("The page is too old: load it again.");
        }

        var ended = kind switch
        {
            "client" when Guid.TryParse(id, out var guid) && server.FindClient(guid) is { } client => await Did(client.EndAsync()),
            "connection" when server.FindConnection(Number(id)) is { } connection => await Did(connection.EndAsync()),
            "session" when server.FindSession(Number(id)) is { } session => await session.EndAsync(),
            "channel" when FindChannel(server, id) is { } channel => await channel.EndAsync(),
            "open" when server.FindOpen(Number(id)) is { } open => await open.EndAsync(),
            "lease" when server.Leases.FirstOrDefault(lease => MonitorView.IdOf(lease) == id) is { } lease => await lease.EndAsync(),
            _ => false,
        };
        return ended ? Results.NoContent() : Results.NotFound();
    }

    private static SmbActiveChannel? FindChannel(SmbServer server, string id) =>
        id.Split('-') is [var session, var connection]
            ? server.FindSession(Number(session))?.Channels.FirstOrDefault(channel => channel.ConnectionId == Number(connection))
            : null;

    private static ulong Number(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static async ValueTask<bool> Did(ValueTask end)
    {
        await end;
        return true;
    }
}
