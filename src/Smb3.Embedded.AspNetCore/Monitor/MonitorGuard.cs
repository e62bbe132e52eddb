using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>
/// Keeps out who is not meant: everybody from elsewhere as long as the app has not said who may use the page, and pages of other sites that
/// would have a user's browser end something.
/// </summary>
internal static class MonitorGuard
{
    /// <summary>The header that the page's script adds. No form can, and a script of another site has to ask first, which is not granted.</summary>
    private const string OwnHeader = "X-Smb-Monitor";

    private static readonly string[] OwnNames = ["localhost", "127.0.0.1", "[::1]"];

    public static ValueTask<object?> FilterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!IsDecided(http) && !IsFromHere(http))
        {
            return new(TypedResults.Text(
                "This page shows and ends what users of the SMB server do, and nobody has said who may use it. On another machine it is there "
                + "with MapSmbMonitor(…).RequireAuthorization(…).", statusCode: StatusCodes.Status403Forbidden));
        }

        return HttpMethods.IsPost(http.Request.Method) && !IsOwn(http.Request)
            ? new(TypedResults.Text("Only the page itself may ask for this.", statusCode: StatusCodes.Status403Forbidden))
            : next(context);
    }

    /// <summary>Whether the app has said who may use the page.</summary>
    private static bool IsDecided(HttpContext http) =>
        http.GetEndpoint()?.Metadata is { } metadata
        && (metadata.GetMetadata<IAuthorizeData>() ?? metadata.GetMetadata<IAllowAnonymous>() ?? (object?)metadata.GetMetadata<AuthorizationPolicy>()) is not null;

    /// <summary>
    /// Whether a browser on this machine asks, by a name of this machine: a site elsewhere can give its own name the loopback's address (DNS
    /// rebinding), and a proxy brings strangers.
    /// </summary>
    private static bool IsFromHere(HttpContext http) =>
        (http.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address) || IPAddress.IsLoopback(address.MapToIPv4()))
        && OwnNames.Contains(http.Request.Host.Host, StringComparer.OrdinalIgnoreCase)
        && !http.Request.Headers.ContainsKey("X-Forwarded-For") && !http.Request.Headers.ContainsKey("Forwarded");

    private static bool IsOwn(HttpRequest request)
    {
        if (!request.Headers.ContainsKey(OwnHeader))
        {
            return false;
        }

        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();
        return site is "" or "same-origin"
            && (origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                && uri.Authority.Equals(request.Host.ToUriComponent(), StringComparison.OrdinalIgnoreCase)));
    }
}
