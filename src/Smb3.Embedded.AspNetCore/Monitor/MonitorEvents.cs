using Microsoft.AspNetCore.Http;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>Sends what the page shows, as server-sent events: everything at once, and again whenever something has changed.</summary>
internal static class MonitorEvents
{
    private static readonly byte[] Before = "data: "u8.ToArray(), After = "\n\n"u8.ToArray();

    public static async Task SendAsync(HttpContext context, MonitorFeed feed, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping, context.RequestAborted);
        using var viewer = feed.TryJoin();
        if (viewer is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await context.Response.StartAsync(over.Token).ConfigureAwait(false);
            await foreach (var view in viewer.ReadAllAsync(over.Token).ConfigureAwait(false))
            {
                await context.Response.Body.WriteAsync(Before, over.Token).ConfigureAwait(false);
                await context.Response.Body.WriteAsync(view, over.Token).ConfigureAwait(false);
                await context.Response.Body.WriteAsync(After, over.Token).ConfigureAwait(false);
                await context.Response.Body.FlushAsync(over.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The browser has left, or the app stops.
        }
        catch (IOException)
        {
            // The browser has left.
        }
    }
}
