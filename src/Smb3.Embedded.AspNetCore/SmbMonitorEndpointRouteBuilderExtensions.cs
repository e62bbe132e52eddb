using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Smb3.Embedded.AspNetCore.Monitor;

namespace Smb3.Embedded;

/// <summary>Shows who uses a server, on a page of an ASP.NET Core app.</summary>
public static class SmbMonitorEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a live page that shows users, shares, open files and connections of a server, and can end them. Whoever may open it may do so:
    /// say who with <c>RequireAuthorization(…)</c>. As long as nothing is said, only browsers on the same machine are let in; with
    /// <c>AllowAnonymous()</c> everybody is.
    /// </summary>
    /// <param name="endpoints">The app.</param>
    /// <param name="pattern">The path, such as <c>/smb</c>.</param>
    /// <param name="serverName">The name that the server was registered under; null: the one without a name.</param>
    /// <returns>The page's endpoints, for conventions such as <c>RequireAuthorization</c> or <c>RequireHost</c>.</returns>
    /// <example>
    /// <code>
    /// app.MapSmbMonitor("/smb").RequireAuthorization("admins");
    /// </code>
    /// </example>
    /// <exception cref="InvalidOperationException">There is no such server among the services.</exception>
    public static IEndpointConventionBuilder MapSmbMonitor(this IEndpointRouteBuilder endpoints, string pattern, string? serverName = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var server = (serverName is null ? endpoints.ServiceProvider.GetService<SmbServer>()
            : endpoints.ServiceProvider.GetKeyedService<SmbServer>(serverName))
            ?? throw new InvalidOperationException(serverName is null
                ? "There is no SMB server among the services: call services.AddSmbServer(…) first."
                : $"There is no SMB server '{serverName}' among the services: call services.AddSmbServer(\"{serverName}\", …) first.");
        var feed = new MonitorFeed(server, endpoints.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System);
        var life = endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        var group = endpoints.MapGroup(pattern);
        group.AddEndpointFilter(MonitorGuard.FilterAsync);
        foreach (var file in PageFile.All)
        {
            group.MapGet(file.Route, file.SendAsync);
        }

        group.MapGet("/events", (HttpContext context) => MonitorEvents.SendAsync(context, feed, life.ApplicationStopping));
        group.MapPost("/end/{kind}/{id}", (string kind, string id) => MonitorEnd.EndAsync(server, kind, id));
        return group;
    }
}
