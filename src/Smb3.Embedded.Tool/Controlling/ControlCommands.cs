using System.CommandLine;
using Smb3.Embedded.Control.Protocol;
using Smb3.Embedded.Tool.Output;

namespace Smb3.Embedded.Tool.Controlling;

/// <summary>The commands that show and end what a server's clients do.</summary>
internal static class ControlCommands
{
    public static IEnumerable<Command> Create() =>
    [
        ServerChoice.Ask(
            new Command("status", "Show what a server of this machine serves, and how much it is used."), static _ => new ControlRequest { Do = ControlProtocol.Status }, PrintStatus),
        ServerChoice.Ask(
            new Command("sessions", "Show who is logged on to a server of this machine."), static _ => new ControlRequest { Do = ControlProtocol.Sessions }, PrintSessions),
        ServerChoice.Ask(
            new Command("files", "Show which files are open on a server of this machine."), static _ => new ControlRequest { Do = ControlProtocol.Files }, PrintFiles),
        End(),
    ];

    private static Command End()
    {
        var ids = new Argument<string[]>("ID")
        {
            Arity = ArgumentArity.ZeroOrMore, Description = "Sessions and files, as `smb sessions` and `smb files` name them.",
        };
        var user = new Option<string>("--user") { HelpName = "NAME", Description = "End all sessions of a user." };
        var command = new Command("end", "End sessions, and close files without asking their clients.") { ids, user };
        command.Validators.Add(result =>
        {
            if (result.GetValue(ids) is not { Length: > 0 } && result.GetValue(user) is null)
            {
                result.AddError("Name what is to be ended: ids, or --user NAME.");
            }
        });
        return ServerChoice.Ask(
            command, parsed => new ControlRequest { Do = ControlProtocol.End, Ids = parsed.GetValue(ids), User = parsed.GetValue(user) }, PrintEnded);
    }

    private static int PrintStatus(IReadOnlyList<ControlRow> rows)
    {
        foreach (var server in rows.OfType<ControlServer>())
        {
            Console.WriteLine(VisibleText.Of(
                $"{(server.Name.Length > 0 ? server.Name : "server")}, process {server.ProcessId}, version {server.Version}, {server.State.ToLowerInvariant()} for "
                + $"{Amounts.Since(server.Since, DateTimeOffset.UtcNow)}, on {string.Join(", ", server.EndPoints)}{(server.Node is { } node ? $", node {node} of a cluster" : string.Empty)}"));
            Console.WriteLine($"{server.Connections} connections, {server.Sessions} sessions, {server.Files} files, {server.Leases} leases");
            foreach (var impaired in server.Impaired)
            {
                Console.WriteLine(VisibleText.Of($"The state of what is open on {impaired} is kept slowly, or not at all; the server's log says why."));
            }

            Console.WriteLine();
        }

        var sheet = new Sheet("SHARE", "<USES", "<FILES", "<READ", "<WRITTEN", "FOLDER", "NOTES");
        foreach (var share in rows.OfType<ControlShare>())
        {
            sheet.Add(
                share.Name, Number(share.Uses), Number(share.Files), Amounts.Bytes(share.BytesRead), Amounts.Bytes(share.BytesWritten), share.Folder ?? string.Empty,
                string.Join(", ", NotesOf(share)));
        }

        sheet.Print();
        return 0;
    }

    private static IEnumerable<string> NotesOf(ControlShare share)
    {
        if (!share.IsAvailable)
        {
            yield return "not available";
        }

        if (share.ReadOnly)
        {
            yield return "read-only";
        }
    }

    private static int PrintSessions(IReadOnlyList<ControlRow> rows)
    {
        var sheet = new Sheet("ID", "USER", "FROM", "DIALECT", "PROTECTED BY", "<FILES", "<FOR", "SHARES");
        foreach (var session in rows.OfType<ControlSession>())
        {
            var from = string.Join(", ", session.Addresses);
            sheet.Add(
                session.Id, session.User, session.Computer.Length > 0 ? $"{session.Computer} {from}" : from, session.Dialect,
                session.Protection.Length > 0 ? session.Protection : "nothing", Number(session.Files), Amounts.Since(session.Since, DateTimeOffset.UtcNow),
                string.Join(", ", session.Shares));
        }

        return Print(sheet, "Nobody is logged on.");
    }

    private static int PrintFiles(IReadOnlyList<ControlRow> rows)
    {
        var sheet = new Sheet("ID", "SESSION", "USER", "KIND", "CACHES", "<FOR", "SHARE", "PATH");
        foreach (var file in rows.OfType<ControlFile>())
        {
            sheet.Add(
                file.Id, file.Session ?? "away", file.User, file.Kind, file.Caching, Amounts.Since(file.Since, DateTimeOffset.UtcNow), file.Share,
                file.Path.Length > 0 ? file.Path : @"\");
        }

        return Print(sheet, "Nothing is open.");
    }

    private static int Print(Sheet sheet, string nothing)
    {
        if (sheet.IsEmpty)
        {
            Console.WriteLine(nothing);
        }
        else
        {
            sheet.Print();
        }

        return 0;
    }

    private static int PrintEnded(IReadOnlyList<ControlRow> rows)
    {
        foreach (var ended in rows.OfType<ControlEnded>())
        {
            Console.WriteLine(VisibleText.Of(ended.Count == 0 ? $"{ended.Id}: there is none" : ended.Count == 1 ? $"{ended.Id}: ended" : $"{ended.Id}: {ended.Count} ended"));
        }

        return ExitCodes.Of(rows);
    }

    private static string Number(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
