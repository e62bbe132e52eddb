using System.CommandLine;

namespace Smb3.Embedded.Serving;

/// <summary>Runs a command line as programs do on which scripts rely: what is wrong with it goes to standard error, and the exit code is 2.</summary>
public static class CommandLineRun
{
    /// <summary>Runs what the arguments say.</summary>
    /// <param name="command">The program's command.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> InvokeAsync(RootCommand command, string[] args)
    {
        ArgumentNullException.ThrowIfNull(command);
        var parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            }

            await Console.Error.WriteLineAsync("Try --help.").ConfigureAwait(false);
            return SmbStartProblem.BadSettings;
        }

        // A server takes the signals by itself, and lets its clients finish.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false })
            .ConfigureAwait(false);
    }
}
