using System.CommandLine;
using System.Net.Sockets;
using Smb3.Embedded.Control.Asking;
using Smb3.Embedded.Control.Places;
using Smb3.Embedded.Control.Protocol;

namespace Smb3.Embedded.Tool.Controlling;

/// <summary>Which server is meant, and how its answer is printed: what all commands have in common that ask one.</summary>
internal sealed class ServerChoice
{
    private readonly Option<string> _socket = new("--socket", "-s")
    {
        HelpName = "SOCKET|PROCESS", Description = "The server's socket, or the number of its process. Default: this user's only server.",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print lines of JSON." };

    /// <summary>Adds the options to a command, and has it ask a server.</summary>
    /// <param name="command">The command.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="print">Prints the rows of the answer for people, and gives the exit code.</param>
    /// <param name="mayTakeLong">Whether the answer may take long.</param>
    public static Command Ask(Command command, Func<ParseResult, ControlRequest> request, Func<IReadOnlyList<ControlRow>, int> print, bool mayTakeLong = false)
    {
        var choice = new ServerChoice();
        command.Options.Add(choice._socket);
        command.Options.Add(choice._json);
        command.SetAction((parsed, cancellationToken) => choice.AskAsync(parsed, request(parsed), print, mayTakeLong, cancellationToken));
        return command;
    }

    private async Task<int> AskAsync(
        ParseResult parsed, ControlRequest request, Func<IReadOnlyList<ControlRow>, int> print, bool mayTakeLong, CancellationToken cancellationToken)
    {
        var asJson = parsed.GetValue(_json);
        var path = string.Empty;
        try
        {
            path = Find(parsed.GetValue(_socket));
            var rows = new List<ControlRow>();
            await foreach (var line in ControlClient.AskAsync(path, request, mayTakeLong, cancellationToken).ConfigureAwait(false))
            {
                if (asJson)
                {
                    Console.WriteLine(line);
                }

                if (ControlClient.RowOf(line) is { } row && (!asJson || row is ControlEnded))
                {
                    rows.Add(row);
                }
            }

            return asJson ? ExitCodes.Of(rows) : print(rows);
        }
        catch (Exception e) when (e is ControlException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(Output.VisibleText.Of(e.Message)).ConfigureAwait(false);
            return SmbStartProblem.CannotStart;
        }
        catch (SocketException e)
        {
            await Console.Error.WriteLineAsync($"No server answers at '{path}': {e.Message}").ConfigureAwait(false);
            return SmbStartProblem.CannotStart;
        }
    }

    /// <summary>The socket that is meant.</summary>
    private static string Find(string? wanted)
    {
        if (wanted is not null && !wanted.All(char.IsAsciiDigit))
        {
            return Path.GetFullPath(wanted);
        }

        var found = ControlClient.FindSockets();
        if (wanted is not null)
        {
            found = [.. found.Where(path => Path.GetFileNameWithoutExtension(path).Split('-')[0] == wanted)];
        }

        return found switch
        {
            [var only] => only,
            [] => throw new ControlException(
                $"There is no server of this user{(wanted is null ? string.Empty : $" in process {wanted}")}: none has its socket in '{ControlFolder.Find()}'. "
                + "Start one with `smb serve`, or name its socket with --socket."),
            _ => throw new ControlException(
                $"There are several servers; name one with --socket: {string.Join(", ", found.Select(static path => Path.GetFileNameWithoutExtension(path)))}."),
        };
    }
}
