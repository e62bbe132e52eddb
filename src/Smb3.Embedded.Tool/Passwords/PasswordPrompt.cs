using Spectre.Console;

namespace Smb3.Embedded.Tool.Passwords;

/// <summary>Asks for a password: on a terminal, where it is not shown; otherwise a line of standard input is it.</summary>
internal static class PasswordPrompt
{
    public static async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        if (Console.IsInputRedirected)
        {
            return await Console.In.ReadLineAsync(cancellationToken).ConfigureAwait(false) ?? string.Empty;
        }

        // On standard error, because standard output may be a file.
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await terminal.PromptAsync(new TextPrompt<string>(Markup.Escape(question)).Secret(null).AllowEmpty(), cancellationToken).ConfigureAwait(false);
    }
}
