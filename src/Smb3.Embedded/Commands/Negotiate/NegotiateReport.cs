using System.Globalization;
using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Commands.Negotiate;

/// <summary>Logs the outcome of a negotiation.</summary>
internal static class NegotiateReport
{
    /// <summary>More than there are dialects: a client that names more means something else.</summary>
    private const int MostNamed = 8;

    /// <summary>A dialect was agreed on: from here on the connection has log lines of its own.</summary>
    public static void Agreed(CommandServices services, Connection connection) =>
        ServerLog.ConnectionOpened(services.Logger, connection.Id, connection.RemoteEndPoint);

    public static void Smb1Only(CommandServices services, Connection connection)
    {
        var remote = connection.RemoteEndPoint;
        services.Refusals.Tell(
            connection, nameof(RefusalMessages.Smb1Only), null,
            (logger, repeats) => RefusalMessages.Smb1Only(logger, remote, repeats));
    }

    public static void NoDialect(CommandServices services, Connection connection, in NegotiateRequest request)
    {
        var highest = Smb2Dialect.None;
        var names = new List<string>();
        for (var i = 0; i < request.DialectCount; i++)
        {
            var dialect = request.Dialect(i);
            if (names.Count < MostNamed)
            {
                names.Add(NameOf(dialect));
            }

            if (HookFacts.TextOf(dialect).Length > 0 && dialect > highest)
            {
                highest = dialect;
            }
        }

        NoDialect(services, connection, highest, string.Join(", ", names) + (request.DialectCount > names.Count ? ", ..." : ""));
    }

    public static void NoDialect(CommandServices services, Connection connection, Smb2Dialect highest, string offered)
    {
        var remote = connection.RemoteEndPoint;
        var least = NameOf(services.Settings.MinDialect);
        var most = NameOf(services.Settings.MaxDialect);
        var best = NameOf(highest);
        if (highest != Smb2Dialect.None && highest < services.Settings.MinDialect)
        {
            services.Refusals.Tell(
                connection, nameof(RefusalMessages.BelowMinDialect), null,
                (logger, repeats) => RefusalMessages.BelowMinDialect(logger, remote, best, least, repeats));
        }
        else
        {
            services.Refusals.Tell(
                connection, nameof(RefusalMessages.NoCommonDialect), null,
                (logger, repeats) => RefusalMessages.NoCommonDialect(logger, remote, offered, least, most, repeats));
        }
    }

    public static void Refused(CommandServices services, Connection connection, NtStatus status)
    {
        var remote = connection.RemoteEndPoint;
        var text = status.ToString();
        services.Refusals.Tell(
            connection, nameof(RefusalMessages.NegotiateRefused), text,
            (logger, repeats) => RefusalMessages.NegotiateRefused(logger, remote, text, repeats));
    }

    private static string NameOf(Smb2Dialect dialect) => HookFacts.TextOf(dialect) is { Length: > 0 } name
        ? name
        : string.Create(CultureInfo.InvariantCulture, $"0x{(ushort)dialect:X4}");
}
