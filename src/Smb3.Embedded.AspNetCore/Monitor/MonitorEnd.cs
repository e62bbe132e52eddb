using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>Ends what a button of the page is about.</summary>
internal static class MonitorEnd
{
    public static async Task<IResult> EndAsync(SmbServer server, string kind, string id) =>
        await TryEndAsync(server, kind, id).ConfigureAwait(false) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static async ValueTask<bool> TryEndAsync(SmbServer server, string kind, string id) => kind switch
    {
        "connection" when server.FindConnection(Number(id)) is { } connection => await Did(connection.EndAsync()).ConfigureAwait(false),
        "session" when server.FindSession(Number(id)) is { } session => await session.EndAsync().ConfigureAwait(false),
        "open" when server.FindOpen(Number(id)) is { } open => await open.EndAsync().ConfigureAwait(false),
        "lease" when server.Leases.FirstOrDefault(lease => MonitorIds.Of(lease) == id) is { } lease => await lease.EndAsync().ConfigureAwait(false),
        _ => false,
    };

    private static ulong Number(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static async ValueTask<bool> Did(ValueTask end)
    {
        await end.ConfigureAwait(false);
        return true;
    }
}
